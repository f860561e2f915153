"""The recogniser for Mandarin and English: Whisper base in int8 on CTranslate2, with a window as short as the speech allows.

Whisper was trained on windows of 30 s, and a stock decoder pays for all of them: 1.1-1.4 s a sentence on two cores. It hears just as well
in a window of 10 s (0.30-0.38 s), so pieces of speech are kept below that.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soxr

from . import manifest
from .store import Store, cores
from .whisper_mel import FRAMES_A_SECOND, RATE, Floats, log_mel, padded_to

Language = Literal["zh", "en"]

LONGEST_MS = 9_000
"""Without timestamps a window of more sometimes stops after the first sentence (measured on 12 s in a window of 14 s)."""
WINDOW_FRAMES = 10 * FRAMES_A_SECOND
TAIL_MS = 500
"""Silence behind the speech: a window that ends with the last word loses it."""
NO_SPEECH, DOUBT = 0.5, -1.0
"""Noise, tones and silence gave a no-speech probability of 0.59-0.95 or a mean log probability of -1.6 to -7; speech gave at most 0.02
and at least -0.4."""
LOOP = re.compile(r"(\D{2,12}?)\1{3}")
"""The decoder caught in a loop: the same few characters four times in a row. Digits may be said so often ("8888")."""
PROMPT = " 以下是普通话的句子。"
"""Lowers the character error rate (12.2 to 7.2 % on synthetic telephone speech) and asks for simplified characters."""
LOUDEST, MOST_GAIN = 0.5, 20.0
"""A quiet line is raised to this peak, at most by this factor."""


@functools.cache
def hearer() -> Whisper:
    """The recogniser, made once. Raises ConfigError if it is not installed."""
    store = Store()
    folder = store.folder(manifest.WHISPER)
    store.use_code(manifest.WHISPER)
    return Whisper(folder)


class Whisper:
    """A `SegmentHearer`. Any thread may call, several at once: the library queues them.

    Args:
        folder: a Whisper model of 80 mel bands that was converted for CTranslate2, with its ``tokenizer.json``.
        threads: for each decoding; by default the processors there are, at most 4.
    """

    segment_ms = LONGEST_MS

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        import ctranslate2
        from opencc import OpenCC
        from tokenizers import Tokenizer

        self._storage = ctranslate2.StorageView
        self._net = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type="int8", intra_threads=threads or cores(4)
        )
        self._tokens = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._simplified = OpenCC("t2s")
        prompt = self._tokens.encode(PROMPT, add_special_tokens=False).ids
        self._prompts: dict[Language, list[int]] = {
            "zh": [self._id("<|startofprev|>"), *prompt, *self._start("zh")],
            "en": self._start("en"),
        }
        self.transcribe(bytes(RATE), RATE)  # the first run allocates

    def transcribe(self, pcm: bytes, rate: int) -> str:
        """See `SegmentHearer.transcribe`. Longer audio than `segment_ms` is cut at its quietest places."""
        samples: Floats = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        if rate != RATE:
            samples = soxr.resample(samples, rate, RATE)
        peak = float(np.abs(samples).max(initial=0.0))
        if peak:
            samples = samples * np.float32(min(LOUDEST / peak, MOST_GAIN))
        return _joined([self._decode(piece) for piece in pieces(samples)])

    def _decode(self, samples: Floats) -> str:
        heard = log_mel(np.concatenate([samples, np.zeros(RATE * TAIL_MS // 1000, np.float32)]))
        window = np.ascontiguousarray(padded_to(heard, WINDOW_FRAMES)[None])
        encoded = self._net.encode(self._storage.from_array(window))
        language = self._language(encoded)
        prompt = self._prompts[language]
        most = (
            12 + 8 * len(samples) // RATE
        )  # tokens: Mandarin at its fastest is 6-7 a second; a loop of repeats ends here
        text = self._written(encoded, prompt, most, no_repeat=0)
        if LOOP.search(text):
            text = self._written(encoded, prompt, most, no_repeat=3)
        return _chinese_marks(self._simplified.convert(text)) if language == "zh" else text

    def _written(self, encoded: Any, prompt: list[int], most: int, no_repeat: int) -> str:
        """The words of an encoded window, or "" if they are likely none. A beam of 3 or 5 was no better, so there is none."""
        found = self._net.generate(
            encoded,
            [prompt],
            beam_size=1,
            max_length=len(prompt) + most,
            repetition_penalty=1.1,
            no_repeat_ngram_size=no_repeat,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        if found.no_speech_prob > NO_SPEECH or found.scores[0] < DOUBT:
            return ""
        text: str = self._tokens.decode(found.sequences_ids[0], skip_special_tokens=True)
        return text.strip()

    def _language(self, encoded: Any) -> Language:
        """Of the two that are wanted, the likelier: the others are confusions on a telephone line."""
        odds = dict(self._net.detect_language(encoded)[0])
        return "zh" if odds.get("<|zh|>", 0.0) >= odds.get("<|en|>", 0.0) else "en"

    def _start(self, language: Language) -> list[int]:
        return [
            self._id(name)
            for name in ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>")
        ]

    def _id(self, token: str) -> int:
        number: int | None = self._tokens.token_to_id(token)
        if number is None:
            raise ValueError(f"the tokenizer has no {token}")
        return number


def pieces(samples: Floats) -> list[Floats]:
    """`samples` (at `RATE`) in pieces of at most `LONGEST_MS`, cut at the quietest 100 ms of each piece's last third."""
    longest, step = RATE * LONGEST_MS // 1000, RATE // 10
    found = []
    while len(samples) > longest:
        blocks = samples[: longest // step * step].reshape(-1, step)
        loudness = np.square(blocks).mean(axis=1)
        late = 2 * len(loudness) // 3
        cut = (late + int(loudness[late:].argmin())) * step + step // 2
        found.append(samples[:cut])
        samples = samples[cut:]
    return [*found, samples]


def _chinese_marks(text: str) -> str:
    """Marks of full width, as Chinese is written and other recognisers write it, but not inside a number."""
    return re.sub(r"(?<!\d)[,?!;:]|[,?!;:](?!\d)", lambda mark: "，？！；："[",?!;:".index(mark[0])], text)


def _joined(texts: list[str]) -> str:
    """Pieces of one utterance: a space between them where Latin letters meet."""
    whole = ""
    for text in filter(None, texts):
        apart = whole[-1:].isascii() and text[0].isascii() and bool(whole)
        whole += f" {text}" if apart else text
    return whole
