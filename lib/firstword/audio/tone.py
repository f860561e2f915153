"""The tone voice: text as audio by a code that a test can read back, to the character and with its times.

Every byte of the UTF-8 text is one symbol of `byte_ms`: one of sixteen low tones (the upper half of the byte) and one of sixteen high
tones (the lower half) at once, with shaped edges, then a guard gap. The tones lie inside the telephone band, 88 Hz apart, so the code
survives A-law at 8 kHz and rate conversion; the gap tells repeated bytes apart; the fixed length of a symbol is what makes damage
visible. A symbol that was cut, stretched, spliced or joined to its neighbour is heard as U+FFFD, never repaired. Silence between symbols
has no meaning, so a stall of the line is audible only to who looks at the times.

Under the tones lies a murmur: three harmonics of a gliding pitch near 94 Hz in syllables of a quarter second. It carries nothing; it is
what makes Silero call the whole speech (without it: never). The ear does not listen below 350 Hz.

    speak("你好", 8000)                # 0.36 s of 16-bit mono
    hear(speak("你好", 8000), 8000)    # "你好"

[pure]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .pcm import FULL_SCALE, Straddle
from .tone_bursts import BLOCK_MS, Bursts
from .tone_code import HARMONIC, HIGH_HZ, LOW_HZ, TONE, murmur, shape

BYTE_MS = 60
"""The pace of speech: a Chinese character (three bytes) every 180 ms, an English letter every 60 ms."""

DAMAGED = "\ufffd"
"""What is heard for a character of which a part is missing or spoiled."""


def speak(text: str, rate: int, byte_ms: int = BYTE_MS) -> bytes:
    """`text` as 16-bit little-endian mono PCM of exactly `duration_ms` at `rate` (8000 or more). A lone surrogate is spoken as ``?``."""
    data = np.frombuffer(_encode(text), np.uint8)
    audio = _symbols(rate, byte_ms)[data].reshape(-1)
    below = np.resize(_murmur(rate), len(audio))
    fade = below[-(rate // 100) :]  # 10 ms: an end without a click, which would sound like a part of a symbol
    fade[:] = fade * np.linspace(1, 0, len(fade))
    audio += below
    return audio.tobytes()


def duration_ms(text: str, byte_ms: int = BYTE_MS) -> float:
    """How long `speak` takes for `text`."""
    return float(len(_encode(text)) * byte_ms)


def spans(text: str, byte_ms: int = BYTE_MS) -> list[tuple[int, float, float]]:
    """Where each character of `text` lies in what `speak` returns: its index, begin and end in ms (the last guard gap included)."""
    found, at = [], 0
    for index, char in enumerate(text):
        end = at + len(_encode(char))
        found.append((index, float(at * byte_ms), float(end * byte_ms)))
        at = end
    return found


def hear(pcm: bytes, rate: int, byte_ms: int = BYTE_MS) -> str:
    """What is said in `pcm`, as one text."""
    ear = Ear(rate, byte_ms)
    return "".join(heard.text for heard in ear.feed(pcm) + ear.finish())


@dataclass(frozen=True, slots=True)
class Heard:
    """One character, and when: in milliseconds of the audio fed, from the first tone's edge to the last one's (without the guard gap)."""

    text: str
    """One character; U+FFFD for one that came damaged."""
    begin_ms: float
    end_ms: float


class Ear:
    """Hears the tone voice in a stream.

    Args:
        rate: samples per second of what is fed, 8000 or more.
        byte_ms: the pace the voice was made with, 20 or more.
        block_ms: how much is judged at once: half of it later, on the average, a character is told, and half of it costs twice as much.

    The chunks' borders do not matter, and may split a sample. A character is told `byte_ms` and some 50 ms after its last tone ended.
    Peaks from -3 to -35 dBFS are heard; what is no tone voice is passed over in silence.

    One thread. Costs about 0.1 % of a core in real time.
    """

    def __init__(self, rate: int, byte_ms: int = BYTE_MS, block_ms: int = BLOCK_MS) -> None:
        if rate < 8000 or not 20 <= byte_ms <= 1000:
            raise ValueError(
                f"the tone voice needs 8000 samples a second and 20 to 1000 ms a byte, not {rate} and {byte_ms}"
            )
        self._bursts = Bursts(rate, byte_ms, block_ms)
        self._letters = _Letters()
        self._whole = Straddle()

    def feed(self, pcm: bytes) -> list[Heard]:
        """The next audio, of any length. Returns the characters that are complete by now."""
        return self._read(np.frombuffer(self._whole.feed(pcm), "<i2"), last=False)

    def finish(self) -> list[Heard]:
        """No more audio. Returns the last characters; half of one counts as damaged."""
        return self._read(np.zeros(0, "<i2"), last=True) + self._letters.finish()

    def _read(self, samples: npt.NDArray[np.int16], last: bool) -> list[Heard]:
        heard: list[Heard] = []
        for burst in self._bursts.feed(samples, last):
            heard += self._letters.feed(*burst)
        return heard


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")


@lru_cache(maxsize=16)
def _symbols(rate: int, byte_ms: int) -> npt.NDArray[np.int16]:
    """All 256 symbols, one a row: 246 KB at 8 kHz and 60 ms."""
    envelope = shape(rate, byte_ms)
    t = np.arange(len(envelope)) / rate
    low, high = (np.sin(2 * np.pi * np.outer(tones, t)) for tones in (LOW_HZ, HIGH_HZ))
    both = (low[:, None, :] + high[None, :, :]).reshape(256, -1) * envelope
    table = np.zeros((256, rate * byte_ms // 1000), "<i2")
    table[:, : len(envelope)] = np.rint(both * (TONE * FULL_SCALE))
    return table


@lru_cache(maxsize=8)
def _murmur(rate: int) -> npt.NDArray[np.int16]:
    """320 KB at 8 kHz."""
    samples: npt.NDArray[np.int16] = np.rint(murmur(rate) * (HARMONIC * FULL_SCALE)).astype("<i2")
    return samples


class _Letters:
    """From bytes with times to characters: UTF-8, where a damaged byte spoils its character and nothing else."""

    def __init__(self) -> None:
        self._bytes: list[int | None] = []  # of the character under way
        self._need = 0
        self._begin_ms = 0.0
        self._end_ms = 0.0
        self._spoiled = False  # the last character was of unknown length: the rest of it is passed over

    def feed(self, byte: int | None, begin_ms: float, end_ms: float) -> list[Heard]:
        """The next burst. Returns the characters that are complete by it."""
        told: list[Heard] = []
        follows = byte is not None and 0x80 <= byte < 0xC0
        if self._bytes and not (follows or byte is None):
            told += self.finish()
        if not self._bytes:
            if follows and self._spoiled:
                return told
            self._begin_ms = begin_ms
            self._need = _length(byte)
            self._spoiled = self._need == 1 and (byte is None or byte >= 0x80)
        self._bytes.append(byte)
        self._end_ms = end_ms
        if len(self._bytes) == self._need:
            told += self.finish()
        return told

    def finish(self) -> list[Heard]:
        """Tell the character under way, if there is one, whole or not."""
        if not self._bytes:
            return []
        known = [byte for byte in self._bytes if byte is not None]
        try:
            text = bytes(known).decode("utf-8") if len(known) == len(self._bytes) else DAMAGED
        except UnicodeDecodeError:
            text = DAMAGED
        self._bytes = []
        return [Heard(text, self._begin_ms, self._end_ms)]


def _length(lead: int | None) -> int:
    """How many bytes the character has that begins with `lead`; 1 for what can not begin one."""
    if lead is None or lead < 0xC0 or lead > 0xF7:
        return 1
    return 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
