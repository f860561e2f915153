"""What the bench of live calls makes of what it has seen: without a switch, from made-up calls."""

from __future__ import annotations

from array import array
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from firstword.bench import live
from firstword.live.mouth import Sent

FRAME = 160


def heard(
    sounding: list[tuple[float, float]], said: list[float] = (), steps: list[tuple[float, str]] = (), **record: Any
) -> live.Heard:
    """A call of 20 s whose bot sounds in these spans, and whose caller's sentences of 0.2 s begin at these moments."""
    arrivals = array("d", [number / 50 for number in range(1000)])
    loud = np.array([any(begin <= at < end for begin, end in sounding) for at in arrivals])
    audio = (np.repeat(loud, FRAME) * 5000).astype("<i2").tobytes()
    onsets = [begin for begin, _ in sounding]
    line = SimpleNamespace(onsets=onsets, arrivals=arrivals, frame_bytes=2 * FRAME, heard=lambda: audio)
    sent = [Sent(at, 0, 0, any(begin <= at < begin + 0.2 for begin in said)) for at in arrivals]
    ear = SimpleNamespace(gaps_ms=lambda: np.diff(arrivals) * 1000, lost=0, late=0)
    phone = SimpleNamespace(line=line, mouth=SimpleNamespace(sent=sent), ear=ear, name="phone")
    conversation = SimpleNamespace(steps=list(steps), failure="", heard_text=lambda: "")
    return live.Heard(phone, conversation, record)  # type: ignore[arg-type]


def test_a_reply_is_at_the_ear_so_much_after_its_first_audio() -> None:
    turn = {"at_ms": 1000.0, "ms": {"first_audio": 900.0, "first_word": 910.0}}
    silent = {"at_ms": 9000.0, "ms": {"first_audio": None, "first_word": None}}
    one = heard([(0.5, 0.8), (2.44, 3.0)], answered_at=0.5, turns=[turn, silent])
    assert live.audio_to_rtp_ms(one) == [pytest.approx(40)]


def test_the_recogniser_of_a_phone_is_the_one_that_heard_all_its_sentences_soonest() -> None:
    one = heard([], said=[1.0, 5.0, 9.0])
    journal = [
        {"service": "asr", "sounds": [1.4, 5.4, 9.4]},  # another caller's, in step
        {"service": "asr", "sounds": [1.03, 5.05, 9.04]},
        {"service": "asr", "sounds": [1.001, 5.001]},  # one that missed a sentence
        {"service": "tts", "sounds": []},
    ]
    assert live.caller_to_recogniser_ms(one, journal) == pytest.approx([30, 50, 40])
    assert live.caller_to_recogniser_ms(one, []) == []


def test_a_stop_is_from_the_first_packet_of_the_interruption_to_the_last_of_the_reply_that_sounds() -> None:
    steps = [(3.99, f"say: {live.STOP}"), (8.99, f"say: {live.STOP}")]
    one = heard([(3.0, 4.2), (6.0, 6.5)], said=[4.0, 9.0], steps=steps)
    assert live.stops_ms(one) == [pytest.approx(180)], "the second came when the story had ended by itself"


def test_each_phone_asks_what_no_other_asks() -> None:
    asked = [live.question(phone, number) for phone in range(live.PHONES) for number in range(8)]
    assert len(set(asked)) == len(asked)


def test_a_load_has_room_for_its_rounds_and_its_talk_pauses_for_the_answer() -> None:
    load = live.LiveLoad(calls=1, seconds=60)
    assert (load.phones, load.rounds) == (1, 4)
    speech_s = 10 * 3 * load.byte_ms / 1000
    assert len(load.talk().alaw()) / 8000 == pytest.approx(2 * speech_s + 1.8, abs=0.02)


def test_a_run_in_which_nothing_was_heard_is_an_error_and_no_row_of_zeros() -> None:
    load = live.LiveLoad(calls=1, seconds=10)
    run = live.Carried([heard([])], [], 0, 1.0, {"FreeSWITCH, Python included": 1.0}, {})
    with pytest.raises(live.HostError, match="nothing to measure"):
        live.rows_of(load, run)
