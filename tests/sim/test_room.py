"""What is on a line besides its caller."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.audio import tone
from firstword.audio.pcm import level_dbfs
from firstword.sim.room import NOISES, Echo, Noise, Room

FRAME = 320
QUIET = bytes(FRAME)


def through(room: Room, heard: bytes, caller: bytes = b"") -> bytes:
    """What the line sends while `heard` is heard, frame by frame."""
    past, sent = bytearray(), b""
    for at in range(0, len(heard), FRAME):
        sent += room.around(caller[at : at + FRAME].ljust(FRAME, b"\0"), past)
        past += heard[at : at + FRAME]
    return sent


@given(delay=st.integers(160, 2000), frames=st.integers(1, 12))
def test_an_echo_is_what_was_heard_so_many_samples_ago(delay: int, frames: int) -> None:
    heard = np.arange(1, frames * 160 + 1, dtype="<i2").tobytes()
    sent = through(Room(8000, Echo(0.0, delay / 8)), heard)
    assert sent == (bytes(2 * delay) + heard)[: len(heard)]


def test_an_echo_of_20_db_less_is_a_tenth_and_the_caller_talks_over_it() -> None:
    heard = np.full(320, 1000, "<i2").tobytes()
    caller = np.full(320, 7, "<i2").tobytes()
    sent = np.frombuffer(through(Room(8000, Echo(-20, 20)), heard, caller), "<i2")
    assert sent.tolist() == [7] * 160 + [107] * 160


def test_the_noise_of_a_line_has_its_level_and_no_end() -> None:
    sent = through(Room(8000, noise_dbfs=-45), bytes(FRAME * 500))
    assert level_dbfs(sent) == pytest.approx(-45, abs=0.3)
    assert level_dbfs(sent[-FRAME:]) == pytest.approx(-45, abs=2)


def test_a_burst_sounds_once_from_the_next_frame_on_beside_others() -> None:
    room = Room(8000)
    assert room.empty
    room.add(np.full(200, 100, "<i2").tobytes())
    room.add(np.full(100, 5, "<i2").tobytes())
    sent = np.frombuffer(through(room, QUIET * 3), "<i2")
    assert sent.tolist() == [105] * 100 + [100] * 100 + [0] * 280
    assert room.empty


def test_what_is_too_loud_is_held_at_full_scale() -> None:
    room = Room(8000)
    room.add(np.full(160, 30000, "<i2").tobytes())
    assert set(np.frombuffer(room.around(np.full(160, 9000, "<i2").tobytes(), b""), "<i2")) == {32767}


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("ms", [80, 250, 700])
def test_a_noise_has_its_length_and_level_is_the_same_each_time_and_says_nothing(kind: str, ms: int, rate: int) -> None:
    sound = Noise(kind, ms, -24).sound(rate)
    assert len(sound) == 2 * rate * ms // 1000
    assert level_dbfs(sound) == pytest.approx(-24, abs=0.5)
    assert sound == Noise(kind, ms, -24).sound(rate)
    assert tone.hear(bytes(rate) + sound + bytes(rate), rate) == ""


def test_the_tone_voice_is_understood_over_a_line_with_noise() -> None:
    said = tone.speak("你好 ok", 8000)
    sent = through(Room(8000, noise_dbfs=-48), bytes(len(said) + 8000), said)
    assert tone.hear(sent, 8000) == "你好 ok"
