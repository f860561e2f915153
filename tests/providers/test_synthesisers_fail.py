"""What every synthesiser is held to when its service fails: one error, in time, that says whose fault it is (``test_synthesisers.py``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from firstword.errors import Kind, ProviderError
from net.loopback import CLOSE

from .nls_peer import ended
from .speakers import SPEAKERS
from .speaking import Script, Speaker, Stage

by_service = pytest.mark.parametrize("service", SPEAKERS.values(), ids=SPEAKERS)
BIT = bytes(320)
"""20 ms: so much is progress."""


@dataclass(frozen=True)
class Failure:
    """What the service does, and what the client says of it: some words, and what it is about. All of these are worth another try.

    `text` is said, and the reply finished if it `finishes`.
    """

    script: Script
    words: str
    kind: Kind = "server"
    values: Mapping[str, str] = field(default_factory=dict)
    text: str = "你好。"
    finishes: bool = False


def spoke_a_bit(speaker: Speaker) -> None:
    speaker.start()
    speaker.all_came()
    speaker.sound(BIT)


def hold(speaker: Speaker) -> None:
    speaker.peer.hold()


def trickles(what: Callable[[Any], Any]) -> Script:
    """Speaks a little, and then says something now and then that is no progress, for ever."""

    def script(speaker: Speaker) -> None:
        spoke_a_bit(speaker)
        while True:
            what(speaker)
            time.sleep(0.02)

    return script


FIRST, IDLE, CONNECT = {"first_audio_ms": "100"}, {"idle_ms": "100"}, {"connect_ms": "150"}
SILENT = "owed audio and sent nothing for 100 ms"

FAILURES = {
    "never upgraded": Failure(hold, "timed out", "network", CONNECT),
    "never ready": Failure(lambda s: [s.asked(), hold(s)], "was not ready within 150 ms", values=CONNECT),
    "owes the first audio": Failure(lambda s: [s.start(), s.text_came(), hold(s)], SILENT, values=FIRST),
    "owes everything at the end": Failure(
        lambda s: [s.start(), s.all_came(), hold(s)], SILENT, values=FIRST, text="你好", finishes=True
    ),
    "owes the rest": Failure(lambda s: [spoke_a_bit(s), hold(s)], SILENT, values=IDLE, finishes=True),
    "a sample now and then": Failure(trickles(lambda s: s.sound(b"xx")), SILENT, values=IDLE, finishes=True),
    "messages of no audio": Failure(trickles(lambda s: s.sound(b"")), SILENT, values=IDLE, finishes=True),
    "words and no audio": Failure(trickles(lambda s: s.words()), SILENT, values=IDLE, finishes=True),
    "dropped": Failure(lambda s: [s.start(), s.text_came(), s.sound(BIT), s.peer.reset()], "broke", "network"),
    "dropped with text in hand": Failure(lambda s: [s.start(), s.text_came(), s.peer.reset()], "broke", "network"),
    "dropped with a tail": Failure(
        lambda s: [s.start(), s.text_came(), s.sound(BIT), s.said(), s.peer.reset()], "broke", "network", text="一。二"
    ),
    "closed before the end": Failure(
        lambda s: [spoke_a_bit(s), s.peer.send_frame(CLOSE, b"\x03\xf3gone")], "code 1011: gone", finishes=True
    ),
    "closed with text in hand": Failure(
        lambda s: [s.start(), s.text_came(), s.peer.send_frame(CLOSE, b"\x03\xe8")], "code 1000"
    ),
    "the end before there was text": Failure(lambda s: [s.asked(), s.ends_by_itself(), hold(s)], "by itself"),
    "the end before it was asked for": Failure(
        lambda s: [s.start(), s.text_came(), s.sound(BIT), s.ends_by_itself(), hold(s)], "by itself"
    ),
    "nonsense": Failure(lambda s: [s.asked(), s.nonsense(), hold(s)], "not JSON"),
}  # fmt: skip


def judged(service: type[Speaker], error: ProviderError | None) -> ProviderError:
    assert error is not None
    assert error.provider == service.name and service.secret not in str(error), error
    return error


@by_service
@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_what_it_is_about_and_is_worth_another_try(service: type[Speaker], what: str) -> None:
    failure = FAILURES[what]
    with Stage(service, failure.script, **failure.values) as stage:
        error = judged(service, ended(stage.say(failure.text, finish=failure.finishes)))
    assert failure.words in str(error), error
    assert (error.code, error.retry, error.kind) == ("", True, failure.kind)


@by_service
def test_a_wrong_key_is_the_operators_fault(service: type[Speaker]) -> None:
    status, body, words = service.forbidden
    with Stage(service, lambda speaker: [speaker.peer.read_head(), speaker.peer.answer(status, body)]) as stage:
        error = judged(service, ended(stage.say("你好。")))
    assert words in str(error), error
    assert (error.code, error.retry, error.kind) == (f"HTTP {status[:3]}", False, "credentials")


@by_service
def test_a_service_that_has_too_much_to_do_is_worth_another_try(service: type[Speaker]) -> None:
    with Stage(service, lambda speaker: [speaker.asked(), speaker.throttle(), hold(speaker)]) as stage:
        error = judged(service, ended(stage.say("你好。")))
    assert (error.code, error.retry, error.kind) == (service.throttled_code, True, "throttled")


@by_service
def test_a_text_that_becomes_no_audio_is_a_failure(service: type[Speaker]) -> None:
    words, kind, retry = service.voiceless
    with Stage(service, lambda speaker: [speaker.start(), speaker.all_came(), speaker.end()]) as stage:
        error = judged(service, ended(stage.say("你好。")))
    assert words in str(error), error
    assert (error.code, error.retry, error.kind) == ("", retry, kind)
