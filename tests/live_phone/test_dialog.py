"""One SIP call as its caller has it, message by message, at moments the test chooses."""

from __future__ import annotations

import pytest

from firstword.live import sdp, sip
from firstword.live.dialog import Answered, Changed, Dialog, Ended, Rang, State, Unchanged
from firstword.live.sip import Message
from firstword.live.transactions import PATIENCE

FORM = sdp.FORMATS["PCMA"]
SWITCH = ("127.0.0.1", 5060)


class Talk:
    """A dialog and what it has sent."""

    def __init__(self) -> None:
        self.dialog = Dialog("127.0.0.1", 5070, "sip:bot@127.0.0.1:5060", sdp.Session("127.0.0.1", 4000, FORM, 1))
        self.theirs = sdp.Session("127.0.0.1", 30000, FORM, 2)
        self.dialog.invite(0.0)
        (self.invite,) = self.sent()
        self._number = 0

    def sent(self) -> list[Message]:
        messages = [sip.parse(datagram) for datagram, to in self.dialog.outbox]
        self.dialog.outbox.clear()
        return messages

    def first(self) -> str:
        """The only thing that was sent, in short."""
        (message,) = self.sent()
        return message.reason if message.status else message.method

    def news(self) -> list[object]:
        news = list(self.dialog.news)
        self.dialog.news.clear()
        return news

    def answer(
        self, request: Message, status: int, reason: str, body: str = "", now: float = 0.1, contact: str = "<sip:b@127.0.0.1:5061>",
        extra: tuple[tuple[str, str], ...] = (),
    ) -> None:  # fmt: skip
        message = sip.response(request, status, reason, "theirs", [("Contact", contact), *extra], body)
        self.dialog.receive(message, SWITCH, now)

    def up(self) -> Talk:
        self.answer(self.invite, 200, "OK", self.theirs.describe("sendrecv"))
        assert self.first() == "ACK"
        (answered,) = self.news()
        assert isinstance(answered, Answered)
        return self

    def ask(
        self,
        method: str,
        body: str = "",
        now: float = 1.0,
        number: int = 0,
        branch: str = "",
        call: str = "",
        reason: str = "",
    ) -> None:
        self._number += 1
        headers = [
            ("Via", f"SIP/2.0/UDP 127.0.0.1:5060;branch={sip.BRANCH}{branch or self._number}"),
            ("From", f"{self.invite.get('To')};tag=theirs"),
            ("To", self.invite.get("From")),
            ("Call-ID", call or self.dialog.call_id),
            ("CSeq", f"{number or self._number} {method}"),
            *([("Reason", reason)] if reason else []),
        ]
        self.dialog.receive(sip.request(method, "sip:caller@127.0.0.1:5070", headers, body), SWITCH, now)

    def repeats(self, until: float) -> list[tuple[float, str]]:
        """What is sent until then when nobody answers."""
        seen = []
        while (due := self.dialog.due()) is not None and due <= until:
            self.dialog.tick(due)
            seen += [(due, message.reason if message.status else message.method) for message in self.sent()]
        return seen


@pytest.fixture
def talk() -> Talk:
    return Talk()


# The way up.


def test_an_invite_carries_what_a_switch_needs(talk: Talk) -> None:
    assert talk.invite.first == "INVITE sip:bot@127.0.0.1:5060 SIP/2.0"
    assert talk.invite.branch.startswith(sip.BRANCH)
    assert talk.invite.tag("From")
    assert not talk.invite.tag("To")
    assert talk.invite.get("Contact") == "<sip:caller@127.0.0.1:5070>"
    assert talk.invite.get("Max-Forwards") == "70"
    assert sdp.parse(talk.invite.body).payload_type(FORM) == 8


def test_an_unanswered_invite_is_repeated_ever_more_slowly_and_given_up_after_32_s(talk: Talk) -> None:
    assert [at for at, _ in talk.repeats(100)] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert talk.news() == [Ended("bot", "no answer")]
    assert talk.dialog.due() is None


def test_a_provisional_answer_ends_the_repeating_and_brings_early_sound(talk: Talk) -> None:
    talk.answer(talk.invite, 100, "Trying")
    assert talk.news() == []
    talk.answer(talk.invite, 183, "Session Progress", talk.theirs.describe("sendrecv"))
    (rang,) = talk.news()
    assert isinstance(rang, Rang)
    assert (rang.status, rang.media.port if rang.media else 0) == (183, 30000)
    assert talk.repeats(PATIENCE - 0.1) == []


def test_an_answer_is_acknowledged_by_a_request_of_its_own_to_the_contact(talk: Talk) -> None:
    talk.answer(talk.invite, 200, "OK", talk.theirs.describe("sendrecv"))
    ((datagram, to),) = talk.dialog.outbox
    ack = sip.parse(datagram)
    assert ack.first == "ACK sip:b@127.0.0.1:5061 SIP/2.0"
    assert to == ("127.0.0.1", 5061)
    assert ack.branch != talk.invite.branch
    assert ack.cseq == (1, "ACK")
    assert (ack.tag("To"), ack.tag("From")) == ("theirs", talk.invite.tag("From"))
    assert talk.dialog.state is State.UP


def test_the_routes_of_the_answer_are_taken_backwards(talk: Talk) -> None:
    routes = (("Record-Route", "<sip:127.0.0.1:6001;lr>"), ("Record-Route", "<sip:127.0.0.1:6002;lr>"))
    talk.answer(talk.invite, 200, "OK", talk.theirs.describe("sendrecv"), extra=routes)
    talk.dialog.hang_up(1.0)
    for datagram, to in talk.dialog.outbox:
        message = sip.parse(datagram)
        assert message.all("Route") == ["<sip:127.0.0.1:6002;lr>", "<sip:127.0.0.1:6001;lr>"]
        assert to == ("127.0.0.1", 6002)
        assert message.first.split()[1] == "sip:b@127.0.0.1:5061"


def test_a_repeated_answer_is_acknowledged_again_and_answers_once(talk: Talk) -> None:
    talk.up()
    talk.answer(talk.invite, 200, "OK", talk.theirs.describe("sendrecv"), now=0.6)
    assert talk.first() == "ACK"
    assert talk.news() == []


def test_a_refusal_is_acknowledged_within_its_transaction_and_told_as_it_was_said(talk: Talk) -> None:
    talk.answer(talk.invite, 503, "Service Unavailable")
    (ack,) = talk.sent()
    assert (ack.method, ack.branch, ack.tag("To")) == ("ACK", talk.invite.branch, "theirs")
    assert ack.first == "ACK sip:bot@127.0.0.1:5060 SIP/2.0"
    assert talk.news() == [Ended("bot", "503 Service Unavailable")]
    talk.answer(talk.invite, 503, "Service Unavailable", now=0.6)
    assert talk.first() == "ACK"
    assert talk.news() == []


def test_an_answer_without_sound_is_no_call(talk: Talk) -> None:
    talk.answer(talk.invite, 200, "OK")
    ack, bye = talk.sent()
    assert (ack.method, bye.method) == ("ACK", "BYE")
    talk.answer(bye, 200, "OK")
    assert talk.news() == [Ended("caller", "an answer without audio")]


# The way down.


def test_a_cancel_waits_until_there_is_something_to_cancel(talk: Talk) -> None:
    talk.dialog.hang_up(0.1)
    assert talk.sent() == []
    talk.answer(talk.invite, 100, "Trying")
    (cancel,) = talk.sent()
    assert cancel.method == "CANCEL"
    assert (cancel.branch, cancel.cseq[0], cancel.get("To")) == (talk.invite.branch, 1, talk.invite.get("To"))
    talk.answer(talk.invite, 180, "Ringing")
    talk.answer(cancel, 200, "OK")
    talk.answer(talk.invite, 180, "Ringing")
    assert talk.sent() == [], "one is enough"
    talk.answer(talk.invite, 487, "Request Terminated")
    assert talk.first() == "ACK"
    assert talk.news() == [Ended("caller", "")]


def test_a_cancel_that_is_lost_is_repeated(talk: Talk) -> None:
    talk.answer(talk.invite, 180, "Ringing")
    talk.dialog.hang_up(1.0)
    assert talk.first() == "CANCEL"
    assert talk.repeats(3.0) == [(1.5, "CANCEL"), (2.5, "CANCEL")]


def test_a_cancel_that_nobody_heeds_ends_the_call_after_32_s(talk: Talk) -> None:
    talk.answer(talk.invite, 180, "Ringing")
    talk.dialog.hang_up(1.0)
    talk.repeats(100)
    assert talk.news() == [Rang(180, None), Ended("caller", "no answer")]


def test_an_answer_that_crosses_the_cancel_is_hung_up(talk: Talk) -> None:
    talk.answer(talk.invite, 180, "Ringing")
    talk.dialog.hang_up(1.0)
    (cancel,) = talk.sent()
    talk.answer(talk.invite, 200, "OK", talk.theirs.describe("sendrecv"))
    ack, bye = talk.sent()
    assert (ack.method, bye.method, bye.cseq) == ("ACK", "BYE", (2, "BYE"))
    talk.answer(cancel, 481, "Call/Transaction Does Not Exist")
    talk.answer(bye, 200, "OK")
    assert talk.news() == [Rang(180, None), Ended("caller", "")]


def test_hanging_up_is_a_bye_that_is_repeated_until_it_is_answered(talk: Talk) -> None:
    talk.up()
    talk.dialog.hang_up(10.0)
    (bye,) = talk.sent()
    assert (bye.first, bye.cseq, bye.tag("To")) == ("BYE sip:b@127.0.0.1:5061 SIP/2.0", (2, "BYE"), "theirs")
    assert [at for at, _ in talk.repeats(20)] == [10.5, 11.5, 13.5, 17.5]
    talk.dialog.hang_up(20.0)
    assert talk.sent() == []
    talk.answer(bye, 200, "OK", now=20.1)
    assert talk.news() == [Ended("caller", "")]
    assert talk.dialog.due() is None


def test_a_bye_that_nobody_answers_ends_the_call_all_the_same(talk: Talk) -> None:
    talk.up()
    talk.dialog.hang_up(10.0)
    talk.repeats(100)
    assert talk.news() == [Ended("caller", "no answer")]


def test_the_other_side_hangs_up_and_says_why(talk: Talk) -> None:
    talk.up().ask("BYE", reason='Q.850;cause=16;text="NORMAL_CLEARING"', branch="1")
    assert talk.first() == "200 OK"
    assert talk.news() == [Ended("bot", 'Q.850;cause=16;text="NORMAL_CLEARING"')]
    talk.ask("BYE", branch="1", number=1)
    assert talk.first() == "200 OK", "our answer may have been lost"
    talk.ask("INFO")
    assert talk.first() == "481 Call/Transaction Does Not Exist"


# Changes of a call that is up.


def test_hold_is_a_reinvite_and_its_answer_tells(talk: Talk) -> None:
    talk.up()
    assert talk.dialog.reinvite("sendonly", 2.0)
    (invite,) = talk.sent()
    assert sdp.parse(invite.body).direction == "sendonly"
    assert (invite.cseq, invite.tag("To")) == ((2, "INVITE"), "theirs")
    assert not talk.dialog.reinvite("sendrecv", 2.0), "one at a time"
    talk.answer(invite, 200, "OK", talk.theirs.describe("recvonly"))
    (ack,) = talk.sent()
    assert ack.cseq == (2, "ACK")
    (changed,) = talk.news()
    assert isinstance(changed, Changed)
    assert (changed.ours, changed.by) == ("sendonly", "caller")


def test_a_refused_hold_leaves_the_call_up(talk: Talk) -> None:
    talk.up().dialog.reinvite("inactive", 2.0)
    (invite,) = talk.sent()
    talk.answer(invite, 488, "Not Acceptable Here")
    assert talk.first() == "ACK"
    assert talk.news() == [Unchanged("488 Not Acceptable Here")]
    assert talk.dialog.state is State.UP


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("sendonly", "recvonly"), ("inactive", "inactive"), ("recvonly", "sendonly"), ("sendrecv", "sendrecv")],
)
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_an_offer_of_the_other_side_is_answered_by_its_mirror(
    talk: Talk, method: str, theirs: sdp.Direction, ours: sdp.Direction
) -> None:
    talk.up().ask(method, talk.theirs.describe(theirs))
    (answer,) = talk.sent()
    assert answer.status == 200
    assert sdp.parse(answer.body).direction == ours
    (changed,) = talk.news()
    assert isinstance(changed, Changed)
    assert (changed.ours, changed.by) == (ours, "bot")


@pytest.mark.parametrize("wanted", ["sendonly", "recvonly", "inactive"])
def test_what_we_hold_stays_held_when_the_other_side_asks(talk: Talk, wanted: sdp.Direction) -> None:
    talk.up().dialog.reinvite(wanted, 2.0)
    (invite,) = talk.sent()
    talk.answer(invite, 200, "OK", talk.theirs.describe(sdp.REVERSED[wanted]))
    talk.sent()
    talk.ask("INVITE", talk.theirs.describe("sendrecv"))
    (answer,) = talk.sent()
    assert sdp.parse(answer.body).direction == wanted


def test_our_answer_to_a_reinvite_is_repeated_until_it_is_acknowledged(talk: Talk) -> None:
    talk.up().ask("INVITE", talk.theirs.describe("sendrecv"), now=1.0, number=7)
    assert talk.first() == "200 OK"
    assert talk.repeats(3.0) == [(1.5, "200 OK"), (2.5, "200 OK")]
    talk.ask("ACK", number=7, now=3.0)
    assert talk.repeats(100) == []


def test_a_reinvite_without_an_offer_is_answered_by_one_and_its_ack_decides(talk: Talk) -> None:
    talk.up().ask("INVITE", number=7)
    (offer,) = talk.sent()
    assert sdp.parse(offer.body).direction == "sendrecv"
    assert talk.news() == []
    talk.ask("ACK", talk.theirs.describe("sendonly"), number=7)
    (changed,) = talk.news()
    assert isinstance(changed, Changed)
    assert changed.ours == "recvonly"


def test_two_wishes_at_once_are_pending(talk: Talk) -> None:
    talk.up().dialog.reinvite("sendonly", 2.0)
    talk.sent()
    talk.ask("INVITE", talk.theirs.describe("sendonly"))
    assert talk.first() == "491 Request Pending"


def test_a_codec_we_do_not_speak_is_not_acceptable(talk: Talk) -> None:
    talk.up().ask("INVITE", sdp.Session("127.0.0.1", 30000, sdp.FORMATS["G722"], 2).describe("sendrecv"))
    assert talk.first() == "488 Not Acceptable Here"
    assert talk.news() == []


@pytest.mark.parametrize(
    ("method", "answer"),
    [("OPTIONS", "200 OK"), ("INFO", "200 OK"), ("UPDATE", "200 OK"), ("REFER", "405 Method Not Allowed")],
)
def test_other_requests_are_answered_and_change_nothing(talk: Talk, method: str, answer: str) -> None:
    talk.up().ask(method)
    assert talk.first() == answer
    assert talk.news() == []


def test_requests_of_another_call_or_out_of_order_are_refused(talk: Talk) -> None:
    talk.up().ask("INFO", call="other")
    assert talk.first() == "481 Call/Transaction Does Not Exist"
    talk.ask("INFO", number=50)
    talk.sent()
    talk.ask("INFO", number=49)
    assert talk.first() == "500 Out of Order"
