"""What a task of a synthesiser owes, as a table: what happened when, and what is due then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from firstword.speech.owed import Owed

AUDIO = bytes(320)  # 20 ms at 8 kHz


@dataclass(frozen=True)
class Bounds:
    connect_ms: int = 5_000
    first_audio_ms: int = 2_000
    idle_ms: int = 3_000


NOT_READY = "the service was not ready within 5000 ms"
NO_FIRST = "the service owed audio and sent nothing for 2000 ms"
NO_REST = "the service owed audio and sent nothing for 3000 ms"
RESTS = "rests"

Step = tuple[float, Callable[[Owed, float], object]]


def started(owed: Owed, now: float) -> None:
    owed.started(now)


def stopped(owed: Owed, now: float) -> None:
    owed.stopped(now)


def flushed(owed: Owed, now: float) -> None:
    owed.flushed(now)


def done(owed: Owed, now: float) -> None:
    owed.done()


def says(text: str) -> Callable[[Owed, float], object]:
    return lambda owed, now: owed.given(text, now)


def hears(pcm: bytes = AUDIO) -> Callable[[Owed, float], object]:
    return lambda owed, now: owed.audio(pcm, now)


TABLE: dict[str, tuple[list[Step], float, str]] = {
    # what happened when, when something is due next (0: never), and what
    "it must get ready": ([], 5.0, NOT_READY),
    "without text it rests": ([(1, started)], 9.0, RESTS),
    "each text puts the rest off": ([(1, started), (4, says("您")), (6, says("好"))], 14.0, RESTS),
    "an unfinished sentence owes nothing": ([(1, started), (2, says("您好，"))], 10.0, RESTS),
    "a whole one must be spoken": ([(1, started), (2, says("您好。"))], 4.0, NO_FIRST),
    "and so must what is flushed": ([(1, started), (2, says("您好，")), (3, flushed)], 5.0, NO_FIRST),
    "more of it is no later due": ([(1, started), (2, says("您好。")), (3, says("再见。")), (3, flushed)], 4.0, NO_FIRST),
    "marks alone are not spoken": ([(1, started), (2, says("……！")), (3, flushed)], 10.0, RESTS),
    "what was spoken is owed no more": ([(1, started), (2, says("您好。")), (3, hears())], 10.0, RESTS),
    "and the next sentence is": ([(1, started), (2, says("好。")), (3, hears()), (4, says("好。"))], 6.0, NO_FIRST),
    "a message without audio is none": ([(1, started), (2, says("您好。")), (3, hears(b""))], 4.0, NO_FIRST),
    "a sample now and then is no progress": (
        [(1, started), (2, says("好。")), (2.5, hears(b"\1\0")), (3, says("好。")), (4, hears(b"\1\0"))], 5.0, NO_FIRST,
    ),
    "at the end all is owed": ([(1, started), (2, says("您好")), (3, stopped)], 5.0, NO_FIRST),
    "also the word that nothing is": ([(1, started), (2, says("！")), (3, stopped)], 5.0, NO_FIRST),
    "each audio puts the end off": ([(1, started), (2, says("好")), (3, stopped), (4, hears()), (6, hears())], 9.0, NO_REST),
    "who has spoken has longer for the rest": ([(1, started), (2, says("好。")), (3, hears()), (4, stopped)], 7.0, NO_REST),
    "a task that has ended owes nothing": ([(1, started), (2, says("好。")), (3, stopped), (4, done)], 0.0, ""),
    "nor does one that never began": ([(1, done)], 0.0, ""),
}  # fmt: skip


@pytest.mark.parametrize("story", TABLE)
def test_what_is_due_and_when(story: str) -> None:
    steps, at, due = TABLE[story]
    owed = Owed(Bounds(), 8000, rest_s=8.0, now=0.0)
    for now, step in steps:
        assert not owed.overdue(now)
        step(owed, now)
    assert owed.next_at == at
    if due:
        assert not owed.overdue(at - 0.01) and not owed.rests(at - 0.01)
    told = owed.overdue(at + 0.01) or (RESTS if owed.rests(at + 0.01) else "")
    assert told == due


def test_it_knows_whether_there_was_anything_to_be_heard() -> None:
    owed = Owed(Bounds(), 8000, rest_s=8.0, now=0.0)
    owed.started(0.0)
    owed.given("……", 0.0)
    assert (owed.speakable, owed.heard) == (False, False)
    owed.given("7", 0.0)
    owed.audio(b"\0\0", 0.0)
    assert (owed.speakable, owed.heard) == (True, True)
