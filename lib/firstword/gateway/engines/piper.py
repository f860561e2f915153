"""The English voice: a Piper (VITS) model on onnxruntime, with phonemes from espeak-ng.

espeak-ng is a program of its own here, never a library in this process: it is GPL, and it keeps global state. It is started for each
clause (about 10 ms) and bounded. The voice makes a clause at a time, at about a sixth of real time on one core.
"""

from __future__ import annotations

import functools
import json
import subprocess
import unicodedata
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ConfigError, ProviderError
from . import Spoken, manifest
from .clauses import Clause, clauses
from .sound import Outlet, Samples
from .store import Store

ESPEAK_SECONDS = 5.0
MOST_WORDS = 12
"""A longer clause is cut, so that neither the first audio nor a cancel waits for a whole period: 12 words are about 4 s, made in 0.6 s."""
SLICE_MS = 200
_PAUSE_SIGNS = {",": ",", ";": ";", ":": ":", ".": ".", "?": "?", "!": "!", "，": ",", "。": ".", "？": "?", "！": "!"}


@functools.cache
def voice() -> EnglishVoice:
    """The voice, made once. Raises ConfigError if it is not installed."""
    store = Store()
    found = store.folder(manifest.PIPER)
    store.use_code(manifest.PIPER)
    return EnglishVoice(found if found.is_file() else found / manifest.PIPER.files[0].name)


class EnglishVoice:
    """A `Voice`. Any thread may call, several at once.

    Args:
        model: a Piper ``.onnx`` file of one speaker; its ``.onnx.json`` lies beside it.
        threads: for each clause.
    """

    quick = False

    def __init__(self, model: Path, threads: int = 1) -> None:
        import onnxruntime

        described = model.with_name(model.name + ".json")
        try:
            about = json.loads(described.read_text(encoding="utf-8"))
            self.rate: int = about["audio"]["sample_rate"]
            self._ids: dict[str, list[int]] = about["phoneme_id_map"]
            self._accent: str = about["espeak"]["voice"]
            said = about["inference"]
            self._scales = np.array([said["noise_scale"], said["length_scale"], said["noise_w"]], np.float32)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{described} is not the description of a Piper voice: {error!r}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        self._net = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._sound("ready")  # the first run allocates

    def speak(self, text: str, rate: int) -> Generator[Spoken, None, None]:
        """See `Voice.speak`. Raises ProviderError if espeak-ng fails."""
        outlet = Outlet(self.rate, rate)
        for clause in clauses(text):
            for words in _short(clause):
                samples = self._sound(words)
                step = self.rate * SLICE_MS // 1000
                for begin in range(0, len(samples), step):
                    if pcm := outlet.feed(samples[begin : begin + step]):
                        yield Spoken(pcm)
            if clause.pause_ms:
                yield Spoken(outlet.pause(clause.pause_ms))
        if rest := outlet.finish():
            yield Spoken(rest)

    def _sound(self, words: str) -> Samples:
        """The samples of a few words."""
        phonemes = _phonemes(words, self._accent) + _PAUSE_SIGNS.get(words.rstrip()[-1:], "")
        ids = self._numbers(phonemes)
        feeds: dict[str, Any] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": self._scales,
        }
        samples: Samples = self._net.run(None, feeds)[0].ravel()
        return samples

    def _numbers(self, phonemes: str) -> list[int]:
        """``^ _ p _ p _ … $``: the model was trained with a pad behind every symbol. What it does not know is left out."""
        pad = self._ids["_"]
        numbers = [*self._ids["^"], *pad]
        for phoneme in unicodedata.normalize("NFD", phonemes):
            if phoneme in self._ids:
                numbers += [*self._ids[phoneme], *pad]
        return [*numbers, *self._ids["$"]]


def _short(clause: Clause) -> list[str]:
    """The clause in pieces of about equal length, of `MOST_WORDS` at most."""
    words = clause.text.split()
    pieces = -(-len(words) // MOST_WORDS)
    each = -(-len(words) // pieces)
    return [" ".join(words[at : at + each]) for at in range(0, len(words), each)]


def _phonemes(text: str, accent: str) -> str:
    """What espeak-ng says of `text` in the phonetic alphabet."""
    try:
        ran = subprocess.run(
            ["espeak-ng", "-q", "--ipa", "-v", accent, "--stdin"],
            input=text.encode(),
            capture_output=True,
            timeout=ESPEAK_SECONDS,
            check=True,
        )
    except FileNotFoundError as error:
        raise ConfigError("the English voice needs the program espeak-ng: apt-get install espeak-ng") from error
    except subprocess.TimeoutExpired as error:
        raise ProviderError(f"espeak-ng took over {ESPEAK_SECONDS:g} s", provider="local piper", retry=True) from error
    except subprocess.CalledProcessError as error:
        why = error.stderr.decode(errors="replace").strip() or f"it ended with {error.returncode}"
        raise ProviderError(f"espeak-ng failed: {why}", provider="local piper") from error
    return " ".join(ran.stdout.decode().split())
