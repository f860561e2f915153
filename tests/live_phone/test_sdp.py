"""Offers and answers."""

from __future__ import annotations

import pytest

from firstword.live import sdp

ANSWER = """v=0\r
o=FreeSWITCH 1 2 IN IP4 10.0.0.1\r
s=FreeSWITCH\r
c=IN IP4 10.0.0.1\r
t=0 0\r
m=audio 30000 RTP/AVP 96 8 99\r
c=IN IP4 127.0.0.1\r
a=rtpmap:96 OPUS/48000/2\r
a=rtpmap:99 telephone-event/48000\r
a=sendonly\r
m=video 0 RTP/AVP 97\r
a=inactive\r
"""


@pytest.mark.parametrize("name", sdp.FORMATS)
def test_every_codec_is_understood_in_the_offer_that_names_it(name: str) -> None:
    form = sdp.FORMATS[name]
    session = sdp.Session("127.0.0.1", 4000, form, 5)
    media = sdp.parse(session.describe("inactive"))
    assert (media.host, media.port, media.direction) == ("127.0.0.1", 4000, "inactive")
    assert media.payload_type(form) == form.payload_type
    assert media.events(form) == form.event_payload_type
    others = [other for other in sdp.FORMATS.values() if other.name != name]
    assert [media.payload_type(other) for other in others] == [None] * 3


def test_each_description_of_a_session_has_a_version_of_its_own() -> None:
    session = sdp.Session("127.0.0.1", 4000, sdp.FORMATS["PCMA"], 5)
    assert "o=caller 5 1 IN" in session.describe("sendrecv")
    assert "o=caller 5 2 IN" in session.describe("sendrecv")


def test_the_first_audio_stream_counts_with_its_own_address_numbers_and_direction() -> None:
    media = sdp.parse(ANSWER)
    assert (media.host, media.port, media.direction) == ("127.0.0.1", 30000, "sendonly")
    assert media.payload_type(sdp.FORMATS["opus"]) == 96
    assert media.events(sdp.FORMATS["opus"]) == 99
    assert media.payload_type(sdp.FORMATS["PCMA"]) == 8, "a static number needs no map"
    assert media.payload_type(sdp.FORMATS["G722"]) is None
    assert media.events(sdp.FORMATS["PCMA"]) is None, "keys on another clock are not ours"


@pytest.mark.parametrize(
    "text", ["", "v=0\r\n", ANSWER.replace("audio", "image").split("m=video")[0], "m=audio 5 RTP/AVP 8"]
)
def test_a_description_without_audio_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="without an audio stream"):
        sdp.parse(text)
