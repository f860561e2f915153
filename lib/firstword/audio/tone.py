"""The tone voice: text as audio by a code that a test can read back, to the character and with its times.

Every byte of the UTF-8 text is one symbol of `byte_ms`: one of sixteen low tones (the upper half of the byte) and one of sixteen high
tones (the lower half) at once, with shaped edges, then a guard gap. The tones lie inside the telephone band, 95 Hz apart, so the code
survives A-law at 8 kHz and rate conversion; the gap tells repeated bytes apart; the fixed length of a symbol is what makes damage
visible. A symbol that was cut, stretched, spliced or joined to its neighbour is heard as U+FFFD, never repaired. Silence between symbols
has no meaning, so a stall of the line is audible only to who looks at the times.

    speak("你好", 8000)                # 0.36 s of 16-bit mono
    hear(speak("你好", 8000), 8000)    # "你好"

[pure]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .pcm import Straddle

BYTE_MS = 60
"""The pace of speech: a Chinese character (three bytes) every 180 ms, an English letter every 60 ms."""

DAMAGED = "�"
"""What is heard for a character of which a part is missing or spoiled."""

LOW_HZ = tuple(350 + 95 * k for k in range(16))
HIGH_HZ = tuple(1950 + 95 * k for k in range(16))
PEAK = 0.25
"""-12 dBFS for the sum of both tones."""
GUARD = 0.18
"""Share of a symbol that is silent, at its end: 3.6 ms at the quickest pace."""
EDGE_MS = 2.0
"""Each of a symbol's two raised-cosine edges. The same at every pace, so that a run is as long as its symbol (within 1.5 ms, measured)."""

Floats = npt.NDArray[np.float32]


def speak(text: str, rate: int, byte_ms: int = BYTE_MS) -> bytes:
    """`text` as 16-bit little-endian mono PCM of exactly `duration_ms` at `rate` (8000 or more). A lone surrogate is spoken as ``?``."""
    data = np.frombuffer(_encode(text), np.uint8)
    return _symbols(rate, byte_ms)[data].tobytes()


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

    The chunks' borders do not matter, and may split a sample. A character is told `byte_ms` and some 50 ms after its last tone ended.
    Levels from -3 to -35 dBFS are heard; what is no tone voice is passed over in silence.

    One thread. Costs about 0.1 % of a core in real time.
    """

    def __init__(self, rate: int, byte_ms: int = BYTE_MS) -> None:
        if rate < 8000 or not 20 <= byte_ms <= 1000:
            raise ValueError(
                f"the tone voice needs 8000 samples a second and 20 to 1000 ms a byte, not {rate} and {byte_ms}"
            )
        self._bursts = _Bursts(rate, byte_ms)
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


def _shape(rate: int, byte_ms: int) -> Floats:
    """The envelope of a symbol without its guard gap."""
    length = round(rate * byte_ms * (1 - GUARD) / 1000)
    edge = round(rate * EDGE_MS / 1000)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.concatenate([rise, np.ones(length - 2 * edge), rise[::-1]]).astype(np.float32)


@lru_cache(maxsize=16)
def _symbols(rate: int, byte_ms: int) -> npt.NDArray[np.int16]:
    """All 256 symbols, one a row: 246 KB at 8 kHz and 60 ms."""
    shape = _shape(rate, byte_ms)
    t = np.arange(len(shape)) / rate
    low, high = (np.sin(2 * np.pi * np.outer(tones, t)) for tones in (LOW_HZ, HIGH_HZ))
    both = (low[:, None, :] + high[None, :, :]).reshape(256, -1) * shape * (PEAK / 2 * 32768)
    table = np.zeros((256, rate * byte_ms // 1000), "<i2")
    table[:, : len(shape)] = np.rint(both)
    return table


@dataclass(frozen=True)
class _Matched:
    """The matched filter of a pace and a rate, shared by all ears."""

    halves: Floats
    """(2, half length, 64): for each half of a symbol the cosines of the 32 tones, then their sines, weighted by the envelope."""
    weight: Floats
    """(2, half length): the envelope itself."""
    gram: npt.NDArray[np.float64]
    """(16, 16, 4, 4): for each pair of tones, what turns four projections into explained energy."""


@lru_cache(maxsize=16)
def _matched(rate: int, byte_ms: int) -> _Matched:
    shape = _shape(rate, byte_ms).astype(np.float64)
    half = len(shape) // 2
    shape = shape[: 2 * half]
    angle = 2 * np.pi * np.outer(np.arange(2 * half) / rate, LOW_HZ + HIGH_HZ)
    waves = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    weighted = waves * shape[:, None]
    gram = waves.T @ weighted
    inverse = np.empty((16, 16, 4, 4))
    for low in range(16):
        for high in range(16):
            columns = _columns(low, high)
            inverse[low, high] = np.linalg.inv(gram[np.ix_(columns, columns)])
    return _Matched(
        halves=weighted.reshape(2, half, 64).astype(np.float32),
        weight=shape.reshape(2, half).astype(np.float32),
        gram=inverse,
    )


def _columns(low: int, high: int) -> list[int]:
    return [low, 16 + high, 32 + low, 48 + high]


class _Bursts:
    """From samples to bursts of tone: the byte of each, or None for one that is damaged.

    The power of each half millisecond, smoothed over five of them (the two tones of a symbol beat, at 175 Hz and more, and a shorter
    window sees the beat's nulls as gaps), is compared with 1/20 of the largest within `byte_ms` around it. What lies above
    is a run; a run of a symbol's length goes through the matched filter. All positions count from the first sample, in fixed
    blocks, so that it does not matter how the audio was cut.
    """

    BLOCK = 80
    """Hops judged at once: 40 ms."""
    SMOOTH = 5
    FLOOR = 16.0**2
    """Mean square below which all is silence: -66 dBFS. A-law's own silence is 12 dB lower."""
    SHARE = 0.05
    PURE = 0.9
    """Share of a symbol's energy that its two tones must explain; noise up to 10 dB below passes."""
    PURE_PART = 0.8
    """The same for a part of a spoiled symbol, to call it damaged and not noise."""
    TWIST = 10.0
    """How many times stronger in energy one of the two tones may be. Vowels have 20 dB less above 2 kHz than below."""
    TOLERANCE_MS = 2.5
    """Of a run's length: a frame of 20 ms that is missing or stretched changes some run by 4.6 ms or more."""
    OVERLONG = 6
    """Symbols: a longer run is no longer waited for."""

    def __init__(self, rate: int, byte_ms: int) -> None:
        self._rate = rate
        self._hop = rate // 2000
        self._matched = _matched(rate, byte_ms)
        self._reach = round(byte_ms * rate / 1000 / self._hop)  # hops
        self._length = len(_shape(rate, byte_ms))
        self._tolerance = rate * self.TOLERANCE_MS / 1000
        margin = self._reach + self.SMOOTH // 2
        self._power = np.zeros(margin, np.float32)  # of the hops from self._judged - margin on: silence came before
        self._judged = 0
        self._samples = np.zeros(0, np.float32)  # from self._first on; kept while a run may need them
        self._first = 0
        self._unhopped = 0  # samples at the end of self._samples that fill no hop yet
        self._run: int | None = None  # the hop where the run under way began
        self._passing = False  # the run under way was overlong, and has been judged

    def feed(self, samples: npt.NDArray[np.int16], last: bool) -> list[tuple[int | None, float, float]]:
        """Bursts as (byte or None, begin ms, end ms)."""
        margin = self._reach + self.SMOOTH // 2
        if last:
            samples = np.concatenate([samples, np.zeros((margin + self.BLOCK + 1) * self._hop, "<i2")])
        if not len(samples):
            return []
        self._samples = np.concatenate([self._samples, samples.astype(np.float32)])
        whole = (self._unhopped + len(samples)) // self._hop
        begin = len(self._samples) - self._unhopped - len(samples)
        self._unhopped = (self._unhopped + len(samples)) % self._hop
        squares = np.square(self._samples[begin : begin + whole * self._hop]).reshape(whole, self._hop)
        self._power = np.concatenate([self._power, squares.mean(axis=1)])
        found: list[tuple[int | None, float, float]] = []
        while len(self._power) >= 2 * margin + self.BLOCK:
            found += self._judge_block()
        self._forget()
        return found

    def _judge_block(self) -> list[tuple[int | None, float, float]]:
        margin = self._reach + self.SMOOTH // 2
        near = self._power[: 2 * margin + self.BLOCK]
        self._power = self._power[self.BLOCK :]
        start = self._judged
        self._judged += self.BLOCK
        if self._run is None and float(near.max()) < self.FLOOR:
            return []
        smooth = np.convolve(near, np.full(self.SMOOTH, 1 / self.SMOOTH, np.float32), "valid")
        largest = np.lib.stride_tricks.sliding_window_view(smooth, 2 * self._reach + 1).max(axis=1)
        active = smooth[self._reach : self._reach + self.BLOCK] > np.maximum(largest * self.SHARE, self.FLOOR)
        found = []
        for edge in np.flatnonzero(np.diff(active, prepend=self._run is not None)).tolist():
            if self._run is None:
                self._run = start + edge
            else:
                if not self._passing:
                    found += self._judge_run(self._run, start + edge)
                self._run, self._passing = None, False
        if self._run is not None and self._judged - self._run > self.OVERLONG * self._reach and not self._passing:
            found += self._judge_run(self._run, self._judged)
            self._passing = True
        return found

    def _forget(self) -> None:
        """Drop the samples that no run can need any more."""
        keep = self._judged if self._run is None or self._passing else self._run
        drop = (keep - self.SMOOTH) * self._hop - self._first
        if drop > 0:
            self._samples = self._samples[drop:]
            self._first += drop

    def _judge_run(self, begin_hop: int, end_hop: int) -> list[tuple[int | None, float, float]]:
        begin, end = begin_hop * self._hop, end_hop * self._hop
        times = begin * 1000 / self._rate, end * 1000 / self._rate
        if abs(end - begin - self._length) <= self._tolerance:
            byte = self._byte((begin + end) // 2 - self._first)
            if byte is not None:
                return [(byte, *times)]
        return [(None, *times)] if self._is_tone(begin - self._first, end - self._first) else []

    def _byte(self, middle: int) -> int | None:
        """The symbol around `middle`, if it is one from end to end."""
        halves, weight = self._matched.halves, self._matched.weight
        size = weight.size
        begin = middle - size // 2
        samples = np.zeros(size, np.float32)
        there = self._samples[max(0, begin) : begin + size]
        samples[max(0, -begin) : max(0, -begin) + len(there)] = there
        parts = np.einsum("hn,hnk->hk", samples.reshape(weight.shape), halves)
        whole = parts.sum(axis=0)
        low, high = _strongest(whole)
        if any(_strongest(part) != (low, high) for part in parts):
            return None
        columns = _columns(low, high)
        four = whole[columns].astype(np.float64)
        explained = four @ self._matched.gram[low, high] @ four
        total = float(np.square(samples) @ weight.reshape(-1))
        twist = (four[0] ** 2 + four[2] ** 2) / max(four[1] ** 2 + four[3] ** 2, 1e-9)
        if explained < self.PURE * total or not 1 / self.TWIST < twist < self.TWIST:
            return None
        return low << 4 | high

    def _is_tone(self, begin: int, end: int) -> bool:
        """Whether a run that is no symbol begins or ends with a part of one. Under 6 ms nobody can say."""
        size = min(end - begin, self._matched.weight.shape[1])
        if size < self._rate * 6 // 1000:
            return False
        angle = 2 * np.pi * np.outer(np.arange(size) / self._rate, LOW_HZ + HIGH_HZ)
        waves = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
        for at in (begin, end - size):
            samples = self._samples[max(0, at) : at + size].astype(np.float64)
            basis = waves[: len(samples)]
            columns = _columns(*_strongest(samples @ basis))
            fit, *_ = np.linalg.lstsq(basis[:, columns], samples, rcond=None)
            rest = samples - basis[:, columns] @ fit
            twist = (fit[0] ** 2 + fit[2] ** 2) / max(fit[1] ** 2 + fit[3] ** 2, 1e-9)
            if rest @ rest < (1 - self.PURE_PART) * (samples @ samples) and 1 / self.TWIST < twist < self.TWIST:
                return True
        return False


def _strongest(projected: npt.NDArray[Any]) -> tuple[int, int]:
    """The strongest low and the strongest high tone of 32 cosine and 32 sine projections."""
    energy = np.square(projected[:32]) + np.square(projected[32:])
    return int(energy[:16].argmax()), int(energy[16:].argmax())


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
            self._spoiled = byte is None or follows
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
