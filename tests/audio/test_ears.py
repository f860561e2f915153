"""Playbooks for the ears: a line of frames in, edges out. One letter is one frame of 20 ms."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.audio.ears import DROP_OUT_MS, Ears
from firstword.events import CallerBegan, CallerHushed, CallerPaused, CallerStirred

RATE, FRAME = 8000, 320
SPEECH, QUIET = b"\x01\x10" * 160, bytes(FRAME)
SOFT = b"\x01\x00" * 160
"""Judged to be speech too, 72 dB softer."""


class Scripted:
    """Judges a frame by its first byte."""

    rate, frame_ms = RATE, 20

    def speech(self, frame: bytes) -> bool:
        assert len(frame) == FRAME
        return frame[0] == 1

    def reset(self) -> None:
        raise AssertionError("nobody resets a call's judge")


def line(script: str) -> bytes:
    """``S`` is speech, ``s`` is softer, ``.`` is silence, a number repeats what follows."""
    out, count = b"", ""
    for char in script.replace(" ", ""):
        if char.isdigit():
            count += char
        else:
            out += {"S": SPEECH, "s": SOFT, ".": QUIET}[char] * int(count or 1)
            count = ""
    return out


def play(script: str, stir_ms: int = 100, min_speech_ms: int = 200, pause_ms: int = 200) -> list[tuple[str, int]]:
    """The edges, with the number of the frame whose arrival they name. Frame 0 arrives at 0.02 s."""
    ears = Ears(Scripted(), stir_ms, min_speech_ms, pause_ms)
    audio, edges = line(script), []
    for index in range(0, len(audio), FRAME):
        now = (index / FRAME + 1) * 0.02
        for edge in ears.feed(audio[index : index + FRAME], now):
            if isinstance(edge, CallerHushed):  # between the others, and told of by a story of its own
                continue
            at = edge.last_speech if isinstance(edge, CallerPaused) else edge.at
            edges.append((type(edge).__name__.removeprefix("Caller"), round(at / 0.02) - 1))
    return edges


def test_who_has_stirred_hushes_with_each_silence_of_40_ms_once() -> None:
    ears = Ears(Scripted(), 100, 200, 120)
    hushed = [
        (number, round(edge.last_speech / 0.02) - 1)
        for number in range(41)
        for edge in ears.feed(line("2. 3S 4. 12S 2. 2S 1. 1S 14.")[number * FRAME :][:FRAME], (number + 1) * 0.02)
        if isinstance(edge, CallerHushed)
    ]
    assert hushed == [(22, 20), (28, 26)], "not for a click, nor for the silence of one frame"


@pytest.mark.parametrize(
    ("story", "script", "edges"),
    [
        ("speech and then silence", "5. 20S 30.", [("Stirred", 5), ("Began", 5), ("Paused", 24)]),
        ("a sound too short for speech stirs", "5. 9S 40.", [("Stirred", 5), ("Paused", 13)]),
        ("and one that is still shorter is none", "5. 4S 40.", []),
        ("speech of just the least is a beginning", "5. 10S", [("Stirred", 5), ("Began", 5)]),
        ("silence shorter than a pause is none", "20S 9. 5S 9.", [("Stirred", 0), ("Began", 0)]),
        ("silence of just a pause is one", "20S 10.", [("Stirred", 0), ("Began", 0), ("Paused", 19)]),
        ("a judge's drop-outs do not matter", "3S 1. 3S 2. 3S 1. 3S", [("Stirred", 0), ("Began", 0)]),
        ("a closure in the middle of a word does not matter", "6S 4. 4S", [("Stirred", 0), ("Began", 0)]),
        ("what drops out for longer makes the next run the beginning", "8S 5. 10S", [("Stirred", 0), ("Began", 13)]),
        ("a click before the words is not their beginning", "S 2. 10S", [("Stirred", 3), ("Began", 3)]),
        ("clicks do not add up to a voice", "S..." * 40, []),
        ("a click in the silence does not put off the pause", "20S 5. 1S 5.", [("Stirred", 0), ("Began", 0), ("Paused", 19)]),
        ("a word in the silence does", "20S 5. 5S 9.", [("Stirred", 0), ("Began", 0)]),
        ("and then the pause counts from that word", "20S 5. 5S 10.", [("Stirred", 0), ("Began", 0), ("Paused", 29)]),
        ("the last drop-out of a word is not its end", "20S 2. 1S 10.", [("Stirred", 0), ("Began", 0), ("Paused", 22)]),
        ("after a pause it begins anew", "12S 10. 12S 10.", [
            ("Stirred", 0), ("Began", 0), ("Paused", 11), ("Stirred", 22), ("Began", 22), ("Paused", 33)]),
        ("a judge's hangover is no speech", "12S 6s 4.", [("Stirred", 0), ("Began", 0), ("Paused", 11)]),
        ("a voice that is soft from the beginning is one", "12s 10.", [("Stirred", 0), ("Began", 0), ("Paused", 11)]),
        ("a voice that becomes soft is one, after a while", "12S 9s 20s 10.", [("Stirred", 0), ("Began", 0), ("Paused", 40)]),
        ("a pause is told once", "12S 90.", [("Stirred", 0), ("Began", 0), ("Paused", 11)]),
    ],
)  # fmt: skip
def test_a_playbook(story: str, script: str, edges: list[tuple[str, int]]) -> None:
    assert play(script) == edges, story


def test_how_much_stirs_begins_and_pauses_is_the_profile_s() -> None:
    assert play("3S 10.", 40, 60, 200) == [("Stirred", 0), ("Began", 0), ("Paused", 2)]
    assert play("3S 9.", 40, 60, 200) == [("Stirred", 0), ("Began", 0)]
    assert play("20S", min_speech_ms=500) == [("Stirred", 0)]
    assert play("3S", 100, 60) == [("Stirred", 0), ("Began", 0)], "what begins has stirred"


def test_frames_of_a_burst_keep_the_times_at_which_they_would_have_arrived() -> None:
    ears = Ears(Scripted(), 100, 200, 500)
    assert ears.feed(line("5. 20S 30."), now=10.0) == [
        CallerStirred(at=pytest.approx(10 - 49 * 0.02)),
        CallerBegan(at=pytest.approx(10 - 49 * 0.02)),
        CallerHushed(last_speech=pytest.approx(10 - 30 * 0.02)),
        CallerPaused(last_speech=pytest.approx(10 - 30 * 0.02)),
    ]


@given(
    st.lists(st.sampled_from(["S", ".", "4S", "12S", "3.", "26."]), max_size=20),
    st.lists(st.integers(1, 700), max_size=60),
)
def test_it_does_not_matter_how_the_audio_arrives(parts: list[str], samples: list[int]) -> None:
    audio, ears, edges, at = line("".join(parts)), Ears(Scripted(), 60, 100, 300), [], 0
    for size in samples:
        chunk = audio[at : at + 2 * size]
        at += len(chunk)
        edges += ears.feed(chunk, now=at / 16000)
    edges += ears.feed(audio[at:], now=len(audio) / 16000)
    assert [type(edge) for edge in edges] == [type(edge) for edge in Ears(Scripted(), 60, 100, 300).feed(audio, now=0)]
    whole = Ears(Scripted(), 60, 100, 300).feed(audio, now=len(audio) / 16000)
    for edge, other in zip(edges, whole, strict=True):
        for name in edge.__slots__:
            assert getattr(edge, name) == pytest.approx(getattr(other, name))


@given(st.text("S.", max_size=300))
def test_whoever_begins_has_stirred_and_whoever_has_stirred_pauses(script: str) -> None:
    edges = play(script, 40, 80, 160)
    told = "".join({"Stirred": "s", "Began": "b", "Paused": "p"}[name] for name, _ in edges)
    assert re.fullmatch("(sb?p)*(sb?)?", told)
    assert [at for _, at in edges] == sorted(at for _, at in edges)
    assert all(script[at] == "S" for _, at in edges)


def test_what_was_heard_is_counted() -> None:
    ears = Ears(Scripted())
    ears.feed(line("10. 12S 3."), now=1.0)
    assert (ears.talking, ears.speech_ms, ears.judged_ms) == (True, 240, 500)
    assert ears.rate == RATE
    assert DROP_OUT_MS == 100


def test_what_is_known_to_be_an_echo_is_no_speech_and_teaches_the_judge_nothing() -> None:
    class Asked(Scripted):
        frames = 0

        def speech(self, frame: bytes) -> bool:
            self.frames += 1
            return super().speech(frame)

    judge = Asked()
    ears = Ears(judge)
    edges = [edge for _ in range(20) for edge in ears.feed(SPEECH, 1.0, echo=True)]
    assert (edges, judge.frames, ears.judged_ms) == ([], 0, 400)
    assert ears.feed(SPEECH[:160], 1.0) == [] and ears.feed(SPEECH, 1.0, echo=True) == []
    assert judge.frames == 1, "half a frame waited: it gets its end, silent"
