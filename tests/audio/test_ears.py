"""Playbooks for the ears: a line of frames in, edges out. One letter is one frame of 20 ms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.audio.ears import DROP_OUT_MS, Ears
from firstword.events import CallerBegan, CallerStopped

RATE, FRAME = 8000, 320
SPEECH, QUIET = b"\x01\x00" * 160, bytes(FRAME)


class Scripted:
    """Judges a frame by its first byte."""

    rate, frame_ms = RATE, 20

    def speech(self, frame: bytes) -> bool:
        assert len(frame) == FRAME
        return frame[0] == 1

    def reset(self) -> None:
        raise AssertionError("nobody resets a call's judge")


def line(script: str) -> bytes:
    """``S`` is speech, ``.`` is silence, a number repeats what follows."""
    out, count = b"", ""
    for char in script.replace(" ", ""):
        if char.isdigit():
            count += char
        else:
            out += (SPEECH if char == "S" else QUIET) * int(count or 1)
            count = ""
    return out


def play(script: str, min_speech_ms: int = 200, endpoint_ms: int = 500) -> list[tuple[str, int]]:
    """The edges, with the number of the frame whose arrival they name. Frame 0 arrives at 0.02 s."""
    ears = Ears(Scripted(), min_speech_ms, endpoint_ms)
    audio, edges = line(script), []
    for index in range(0, len(audio), FRAME):
        now = (index / FRAME + 1) * 0.02
        for edge in ears.feed(audio[index : index + FRAME], now):
            at = edge.at if isinstance(edge, CallerBegan) else edge.last_speech
            edges.append((type(edge).__name__.removeprefix("Caller"), round(at / 0.02) - 1))
    return edges


@pytest.mark.parametrize(
    ("story", "script", "edges"),
    [
        ("speech and then silence are a turn", "5. 20S 30.", [("Began", 5), ("Stopped", 24)]),
        ("speech shorter than the least is none", "5. 9S 40.", []),
        ("speech of just the least is a beginning", "5. 10S", [("Began", 5)]),
        ("silence shorter than the endpoint is a pause", "20S 24. 5S 24.", [("Began", 0)]),
        ("silence of just the endpoint is the end", "20S 25.", [("Began", 0), ("Stopped", 19)]),
        ("a judge's drop-outs do not matter", "3S 1. 3S 2. 3S 1. 3S", [("Began", 0)]),
        ("a closure in the middle of a word does not matter", "6S 4. 4S", [("Began", 0)]),
        ("a pause inside a beginning makes it another", "8S 5. 10S", [("Began", 13)]),
        ("a click before the words is not their beginning", "S 2. 10S", [("Began", 3)]),
        ("clicks do not add up to a voice", "S..." * 40, []),
        ("a click in the silence does not put off the endpoint", "20S 15. 1S 15.", [("Began", 0), ("Stopped", 19)]),
        ("a word in the silence does", "20S 15. 3S 22. 3S 24.", [("Began", 0)]),
        ("and then the endpoint counts from that word", "20S 15. 3S 25.", [("Began", 0), ("Stopped", 37)]),
        ("the last drop-out of a word is not its end", "20S 2. 1S 25.", [("Began", 0), ("Stopped", 22)]),
        ("a second turn is told like the first", "12S 25. 12S 25.", [("Began", 0), ("Stopped", 11), ("Began", 37), ("Stopped", 48)]),
        ("words that begin just before the endpoint belong to the turn", "20S 24. 9S 2S", [("Began", 0)]),
    ],
)  # fmt: skip
def test_a_playbook(story: str, script: str, edges: list[tuple[str, int]]) -> None:
    assert play(script) == edges, story


def test_the_least_speech_and_the_endpoint_are_the_profile_s() -> None:
    assert play("3S 10.", min_speech_ms=60, endpoint_ms=200) == [("Began", 0), ("Stopped", 2)]
    assert play("3S 9.", min_speech_ms=60, endpoint_ms=200) == [("Began", 0)]
    assert play("20S", min_speech_ms=500) == []


def test_frames_of_a_burst_keep_the_times_at_which_they_would_have_arrived() -> None:
    ears = Ears(Scripted(), 200, 500)
    assert ears.feed(line("5. 20S 30."), now=10.0) == [
        CallerBegan(at=pytest.approx(10 - 49 * 0.02)),
        CallerStopped(last_speech=pytest.approx(10 - 30 * 0.02)),
    ]


@given(
    st.lists(st.sampled_from(["S", ".", "4S", "12S", "3.", "26."]), max_size=20),
    st.lists(st.integers(1, 700), max_size=60),
)
def test_it_does_not_matter_how_the_audio_arrives(parts: list[str], samples: list[int]) -> None:
    audio, ears, edges, at = line("".join(parts)), Ears(Scripted(), 100, 300), [], 0
    for size in samples:
        chunk = audio[at : at + 2 * size]
        at += len(chunk)
        edges += ears.feed(chunk, now=at / 16000)
    edges += ears.feed(audio[at:], now=len(audio) / 16000)
    assert [type(edge) for edge in edges] == [type(edge) for edge in Ears(Scripted(), 100, 300).feed(audio, now=0)]
    whole = Ears(Scripted(), 100, 300).feed(audio, now=len(audio) / 16000)
    for edge, other in zip(edges, whole, strict=True):
        for name in edge.__slots__:
            assert getattr(edge, name) == pytest.approx(getattr(other, name))


@given(st.text("S.", max_size=300))
def test_edges_alternate_and_name_times_that_grow(script: str) -> None:
    edges = play(script, min_speech_ms=60, endpoint_ms=160)
    assert [name for name, _ in edges] == ["Began", "Stopped"] * (len(edges) // 2) + ["Began"] * (len(edges) % 2)
    assert [at for _, at in edges] == sorted(at for _, at in edges)
    assert all(script[at] == "S" for _, at in edges)


def test_what_was_heard_is_counted() -> None:
    ears = Ears(Scripted(), 200, 500)
    ears.feed(line("10. 12S 3."), now=1.0)
    assert (ears.talking, ears.speech_ms, ears.judged_ms) == (True, 240, 500)
    assert ears.rate == RATE
    assert DROP_OUT_MS == 100
