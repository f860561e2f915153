"""SIP messages, from text and to text."""

from __future__ import annotations

import pytest

from firstword.live import sip

OK = (
    b"SIP/2.0 200 OK\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKabc;rport=5070, SIP/2.0/UDP 127.0.0.2;branch=z9hG4bKdef\r\n"
    b'f: "Caller, the" <sip:caller@127.0.0.1>;tag=ours\r\n'
    b"To: <sip:bot@127.0.0.1>;tag=theirs\r\n"
    b"i: 1@127.0.0.1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b'm: "Bot, one" <sip:bot@127.0.0.1:5080;transport=udp>\r\n'
    b"Record-Route: <sip:127.0.0.1:5090;lr>,\r\n <sip:127.0.0.1:5091;lr>\r\n"
    b"l: 4\r\n\r\nv=0\n"
)


def test_a_response_is_read_with_compact_names_folded_lines_and_lists_in_one_line() -> None:
    message = sip.parse(OK)
    assert (message.status, message.reason, message.method, message.cseq) == (200, "200 OK", "INVITE", (7, "INVITE"))
    assert message.branch == "z9hG4bKabc"
    assert len(message.all("Via")) == 2
    assert message.tag("From") == "ours"
    assert message.tag("to") == "theirs"
    assert message.get("contact") == '"Bot, one" <sip:bot@127.0.0.1:5080;transport=udp>'
    assert message.all("Record-Route") == ["<sip:127.0.0.1:5090;lr>", "<sip:127.0.0.1:5091;lr>"]
    assert message.body == "v=0\n"


def test_a_message_survives_its_own_writing() -> None:
    message = sip.parse(OK)
    assert sip.parse(message.pack()) == message
    assert b"Content-Length: 4\r\n\r\nv=0\n" in message.pack()


def test_a_body_counts_in_bytes_and_has_its_type() -> None:
    packed = sip.request("INVITE", "sip:a@b", [("Call-ID", "1"), ("CSeq", "1 INVITE")], "s=你").pack()
    assert packed.startswith(b"INVITE sip:a@b SIP/2.0\r\n")
    assert b"Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\n" in packed


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", OK.replace(b"CSeq: 7 INVITE", b"CSeq: x"),
     OK.replace(b"i: 1@127.0.0.1", b"no header"), b"\xff\xfe\x00" * 20],
)  # fmt: skip
def test_what_is_no_message_is_refused(datagram: bytes) -> None:
    with pytest.raises(ValueError, match="SIP"):
        sip.parse(datagram)


def test_a_response_repeats_what_it_must_and_has_a_tag() -> None:
    asked = sip.request("BYE", "sip:a@b", [("Via", "x;branch=1"), ("To", "<sip:a@b>"), ("From", "<sip:c@d>;tag=9"), ("Call-ID", "1"),
                                           ("CSeq", "3 BYE"), ("User-Agent", "other")])  # fmt: skip
    answer = sip.response(asked, 200, "OK", "ours")
    assert answer.get("To") == "<sip:a@b>;tag=ours"
    assert (answer.get("Via"), answer.get("Call-ID"), answer.get("CSeq")) == ("x;branch=1", "1", "3 BYE")
    assert answer.get("User-Agent") == ""
    assert sip.response(answer, 200, "OK", "again").get("To") == "<sip:a@b>;tag=ours"
    assert sip.response(asked, 100, "Trying", "ours").tag("To") == ""


def test_addresses_are_found_in_uris() -> None:
    assert sip.uri_of('"Bot" <sip:bot@127.0.0.1:5080;lr>;tag=1') == "sip:bot@127.0.0.1:5080;lr"
    assert sip.uri_of("sip:bot@127.0.0.1;tag=1") == "sip:bot@127.0.0.1"
    assert sip.host_and_port("sip:bot@127.0.0.1:5080;transport=udp") == ("127.0.0.1", 5080)
    assert sip.host_and_port("sip:127.0.0.1;lr") == ("127.0.0.1", 5060)
    with pytest.raises(ValueError, match="no SIP address"):
        sip.host_and_port("tel:123")
