"""A telephone line that gives back a part of what it is sent, and voices for both of its ends. 8 kHz; samples as floats of 16-bit size."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from firstword.audio import pcm, tone, vad
from firstword.audio.ears import Ears
from firstword.audio.echo import Echo

RATE, FRAME = 8000, 160
RECORDINGS = Path(__file__).parents[1] / "recordings" / "caller"
BOT_DBFS = -20.0
LEAD_S = 1.0
"""The bot is silent for so long, then talks."""

Samples = npt.NDArray[np.float64]


@lru_cache
def recordings(language: str) -> list[Samples]:
    found = []
    for path in sorted(RECORDINGS.glob(f"{language}_*.wav")):
        with wave.open(str(path)) as file:
            found.append(np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float))
    return found


def powers(voice: Samples) -> Samples:
    """Of each frame."""
    return np.square(voice[: len(voice) // FRAME * FRAME].reshape(-1, FRAME)).mean(1)


def active_power(voice: Samples) -> float:
    """Without its pauses."""
    frames = powers(voice)
    return float(frames[frames > frames.max() / 1000].mean())


def at_level(voice: Samples, dbfs: float) -> Samples:
    return voice * np.sqrt(10 ** (dbfs / 10) * pcm.FULL_SCALE**2 / active_power(voice))


def sentences(language: str, seconds: float, pause_s: tuple[float, float], rng: np.random.Generator) -> Samples:
    """Recorded sentences, each as loud as any, with pauses."""
    said, made = np.zeros(0), recordings(language)
    while len(said) < seconds * RATE:
        sentence = at_level(made[rng.integers(len(made))], BOT_DBFS)
        said = np.concatenate([said, sentence, np.zeros(int(rng.uniform(*pause_s) * RATE))])
    return said[: int(seconds * RATE)]


def syllables_of_noise(seconds: float, rng: np.random.Generator) -> Samples:
    """Noise with the spectrum and the rhythm of speech."""
    samples = int(seconds * RATE)
    hz = np.fft.rfftfreq(samples, 1 / RATE)
    spectrum = np.fft.rfft(rng.normal(size=samples)) / (1 + (hz / 500) ** 2)
    envelope, at = np.zeros(samples), 0
    while at < samples:
        length = int(rng.uniform(0.08, 0.3) * RATE)
        syllable = np.hanning(length) * 10 ** (rng.uniform(-12, 0) / 20)
        envelope[at : at + length] = syllable[: samples - at]
        at += length + int(rng.choice([0, 0, 0.02, 0.05, 0.4]) * RATE)
    return np.fft.irfft(spectrum * ((hz > 200) & (hz < 3400)), samples) * envelope


def bot(kind: str, seconds: float, rng: np.random.Generator) -> Samples:
    """Our voice, after `LEAD_S` of silence: ``zh`` or ``en`` sentences, ``tone`` or ``noise``."""
    if kind == "tone":
        text = "请问明天北京的天气怎么样？好的谢谢。你叫什么名字？"
        voice = np.resize(np.frombuffer(tone.speak(text, RATE), "<i2").astype(float), int(seconds * RATE))
    elif kind == "noise":
        voice = syllables_of_noise(seconds, rng)
    else:
        voice = sentences(kind, seconds, (0, 0.1), rng)
    return np.concatenate([np.zeros(int(LEAD_S * RATE)), at_level(voice, BOT_DBFS)])


def caller(language: str, db: float, begins_s: float, voice: Samples, rng: np.random.Generator) -> Samples:
    """A talking caller, `db` louder than the bot, from `begins_s` on; as long as `voice`."""
    said = sentences(language, len(voice) / RATE, (0.4, 1.2), rng)
    return np.concatenate([np.zeros(int(begins_s * RATE)), said])[: len(voice)] * 10 ** (db / 20)


def telephone(samples: Samples) -> bytes:
    """Through A-law."""
    clipped = np.clip(np.round(samples), -32768, 32767).astype("<i2")
    return pcm.alaw_decode(pcm.alaw_encode(clipped.tobytes()))


def way(kind: str, rng: np.random.Generator) -> Samples:
    """An impulse response: ``wire``, a ``hybrid`` of 8 ms, or a ``room`` of 150 ms."""
    if kind == "wire":
        return np.ones(1)
    taps, fading, direct = {"hybrid": (64, 10, 1.5), "room": (1200, 250, 2.0)}[kind]
    response = rng.normal(size=taps) * np.exp(-np.arange(taps) / fading)
    response[0] += direct
    return response


def echo(voice: Samples, db: float, delay_ms: float, kind: str, rng: np.random.Generator, overdriven: bool = False) -> Samples:  # fmt: skip
    """What comes back of `voice`: `db` as loud, so much later, through A-law, a telephone's band and a `way`."""
    sent = np.frombuffer(telephone(voice), "<i2").astype(float)
    if overdriven:
        sent = 4000 * np.tanh(sent / 4000)
    back = np.convolve(np.convolve(sent, way(kind, rng)), _band())[: len(voice)]
    back *= np.sqrt(active_power(voice) / active_power(back)) * 10 ** (db / 20)
    return np.concatenate([np.zeros(round(delay_ms * RATE / 1000)), back])[: len(voice)]


@lru_cache
def _band() -> Samples:
    """300 to 3400 Hz."""
    t = np.arange(-40, 41) / RATE
    low, high = 2 * 300 / RATE * np.sinc(2 * 300 * t), 2 * 3400 / RATE * np.sinc(2 * 3400 * t)
    return (high - low) * np.hamming(81)


@dataclass
class Call:
    """What came of a call."""

    passed: npt.NDArray[np.bool_]
    """For each frame of the caller, whether it was more than an echo."""
    frames: list[bytes]
    """What came from the line."""
    judge: Echo

    def begins(self, vad_name: str, min_speech_ms: int = 120) -> bool:
        """Whether ears behind the gate hear a caller begin."""
        behind = Behind(vad.make(vad_name, RATE))
        ears, heard = Ears(behind, min_speech_ms, 500), []
        for number, frame in enumerate(self.frames):
            behind.echo = not self.passed[number]
            heard += ears.feed(frame, number * 0.02)
        return bool(heard)

    def speech(self, vad_name: str) -> float:
        """The share of frames that are passed and judged to be speech, once the bot talks."""
        judge = vad.make(vad_name, RATE)
        judged = [passes and judge.speech(frame) for passes, frame in zip(self.passed, self.frames, strict=True)]
        return float(np.mean(judged[int(LEAD_S * 50) :]))

    def share(self, said: Samples, from_s: float = 0, to_s: float = 99) -> float:
        """How many of the caller's voiced frames, within 15 dB of his level, were passed."""
        voiced = powers(said) > active_power(said) / 10**1.5
        part = slice(int(from_s * 50), int(to_s * 50))
        return float(self.passed[part][voiced[part]].mean())

    def onsets_ms(self, said: Samples) -> list[int]:
        """How long after it was within 10 dB of his level each of his sentences was passed."""
        voiced = np.flatnonzero(powers(said) > active_power(said) / 10)
        begins = voiced[np.flatnonzero(np.diff(voiced, prepend=-100) > 15)]
        passed = np.flatnonzero(self.passed)
        return [int(20 * (passed[passed >= begin][0] - begin)) if (passed >= begin).any() else 9999 for begin in begins]


class Behind:
    """A judge of speech that is not asked about an echo."""

    def __init__(self, judge: vad.Vad) -> None:
        self._judge = judge
        self.rate, self.frame_ms = judge.rate, judge.frame_ms
        self.echo = False

    def speech(self, frame: bytes) -> bool:
        return not self.echo and self._judge.speech(frame)

    def reset(self) -> None:
        self._judge.reset()


def call(
    ours: Samples,
    theirs: Samples,
    rng: np.random.Generator,
    noise_dbfs: float = -60.0,
    burst: int = 1,
    jitter_s: float = 0.02,
    told_silence: bool = True,
    **arguments: Any,
) -> Call:
    """The call: what the caller's end sends, `theirs`, with the line's noise through A-law; ours told in bursts of up to `burst`."""
    noise = rng.normal(size=len(ours)) * 10 ** (noise_dbfs / 20) * pcm.FULL_SCALE
    came, went = telephone(theirs + noise), np.clip(np.round(ours), -32768, 32767).astype("<i2").tobytes()
    judge = Echo(RATE, **arguments)
    size = 2 * FRAME
    frames = [came[at : at + size] for at in range(0, len(came) - size + 1, size)]
    passed, told = [], 0
    for number, frame in enumerate(frames):
        if number + 1 - told >= burst or rng.random() < 1 / burst:
            for late in range(told, number + 1):
                mine = went[late * size : (late + 1) * size]
                if told_silence or any(mine):
                    judge.played(mine, 100 + late * 0.02 + rng.uniform(-jitter_s, jitter_s))
            told = number + 1
        passed.append(not judge.is_echo(frame, 100.02 + number * 0.02 + rng.uniform(-jitter_s, jitter_s)))
    return Call(np.array(passed), frames, judge)
