"""What goes into packets, and what is heard of it."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from firstword.audio import tone
from firstword.errors import ConfigError
from firstword.live import codecs, sdp

needs_av = pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="PyAV is not installed: pip install av")
ALL = ["PCMA", "PCMU", pytest.param("G722", marks=needs_av), pytest.param("opus", marks=needs_av)]
TEXT = "你好，世界！hello 123"


def through(codec: codecs.Codec, sound: bytes) -> tuple[bytes, list[int]]:
    """`sound` frame by frame through both ways, and the size of each payload."""
    size = codec.rate // 50 * 2
    sound += bytes(-len(sound) % size + 2 * size)
    payloads = [codec.encode(sound[begin : begin + size]) for begin in range(0, len(sound), size)]
    heard = [codec.decode(payload) for payload in payloads]
    assert {len(frame) for frame in heard} == {size}, "one packet is one frame, from the first on"
    return b"".join(heard), [len(payload) for payload in payloads]


@pytest.mark.parametrize("name", ALL)
def test_the_tone_voice_comes_through_to_the_character(name: str) -> None:
    codec = codecs.make(name)
    heard, sizes = through(codec, tone.speak(TEXT, codec.rate))
    assert tone.hear(heard, codec.rate) == TEXT
    assert min(sizes) > 0, "one frame is one packet, from the first on"


@pytest.mark.parametrize(
    ("name", "most_ms"),
    [("PCMA", 0), ("PCMU", 0), pytest.param("G722", 2, marks=needs_av), pytest.param("opus", 7, marks=needs_av)],
)
def test_nothing_is_held_back_but_what_the_codec_looks_ahead(name: str, most_ms: float) -> None:
    codec = codecs.make(name)
    sound = tone.speak(TEXT, codec.rate)
    heard, _ = through(codec, sound)
    said = np.frombuffer(sound, "<i2").astype(float)
    ear = np.frombuffer(heard, "<i2").astype(float)
    match = np.fft.irfft(np.fft.rfft(ear, 2 * len(ear)) * np.conj(np.fft.rfft(said, 2 * len(ear))))
    assert 0 <= int(np.argmax(match)) / codec.rate * 1000 <= most_ms


@pytest.mark.parametrize("name", ["PCMA", "PCMU", pytest.param("G722", marks=needs_av)])
def test_fixed_rate_codecs_have_the_payload_their_name_promises(name: str) -> None:
    codec = codecs.make(name)
    assert set(through(codec, tone.speak("a", codec.rate))[1]) == {sdp.FORMATS[name].ticks}


@pytest.mark.parametrize(
    ("value", "code"), [(0, 0xFF), (-1, 0x7F), (32767, 0x80), (-32768, 0x00), (1000, 0xCE), (-1000, 0x4E), (8, 0xFE)]
)
def test_mu_law_is_that_of_the_standard(value: int, code: int) -> None:
    assert codecs.MuLaw().encode(np.array([value], "<i2").tobytes()) == bytes([code])


def test_mu_law_gives_every_code_back_but_negative_zero() -> None:
    codec = codecs.MuLaw()
    every = bytes(range(256))
    assert codec.encode(codec.decode(every)) == every.replace(b"\x7f", b"\xff")


def test_an_unknown_codec_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'GSM' is none of PCMA, PCMU, G722, opus"):
        codecs.make("GSM")


def test_a_missing_library_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match="pip install av"):
        codecs.make("opus")


@needs_av
def test_a_payload_that_is_no_sound_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="no sound"):
        codecs.make("opus").decode(b"\xff" * 3)
