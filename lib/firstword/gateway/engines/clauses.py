"""What a voice is given at once, and by which voice: clauses with the pause behind each, and runs of one language.    [pure]

A synthesiser of whole clauses answers soonest when the clause is short, and the Mandarin one makes no pause at a comma of its own;
so the text is cut at its marks, and the pause is silence of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .zhnumbers import figures

Language = Literal["zh", "en"]

PAUSES_MS = {"、": 100} | dict.fromkeys("，,；;：:", 150) | dict.fromkeys("。！？!?…\n.", 250)
"""Silence behind a clause that ends so, where another follows. Chosen between the pauses of a news reader (about 200 ms at a comma) and
the haste of a telephone."""

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007"
_HAN = re.compile(f"[{HAN}]")
_MARK = re.compile(r"[、，；：。！？…\n!?;]+|[,.:]+(?=\s|$)|(?<=[" + HAN + r"])[,.:]+")
_SPEECH = re.compile(r"[^\W_]")
_WORD = f"[^\\W\\d_{HAN}][^\\W_{HAN}]*(?:['’.&+-][^\\W_{HAN}]+)*"
_PIECE = re.compile(
    f"(?P<zh>[{HAN}]+)"
    f"|(?P<en>{_WORD}(?:\\s+(?:\\d[\\d.]*\\s+)?{_WORD})*)"  # a number between two words is theirs: iPhone 15 Pro
    "|(?P<digits>[¥￥]?\\d[\\d.,:/%-]*)|.",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """`text`, mark included, which begins at `begin` of the whole, and the silence that follows it."""

    text: str
    begin: int
    pause_ms: int


@dataclass(frozen=True, slots=True)
class Run:
    """`text` in one language, which begins at `begin` of the whole."""

    text: str
    begin: int
    language: Language


def clauses(text: str) -> list[Clause]:
    """Cut `text` behind its marks, dropping what has nothing to say. The last clause has no pause behind it.

    A point, a comma or a colon inside a number or a word is not a mark: ``3.14``, ``1,000``, ``10:30``, ``example.com``.
    """
    found: list[Clause] = []
    at = 0
    for end, mark in [*((m.end(), m.group()) for m in _MARK.finditer(text)), (len(text), "")]:
        piece = text[at:end]
        if _SPEECH.search(piece):
            found.append(Clause(piece, at, max((PAUSES_MS.get(sign, 0) for sign in mark), default=0)))
        at = end
    if found:
        found[-1] = Clause(found[-1].text, found[-1].begin, 0)
    return found


def runs(text: str) -> list[Run]:
    """Cut `text` where its language changes between Chinese and Latin script.

    Numbers are Chinese where there is any Chinese, unless they are part of a Latin word (``A4``); marks and spaces stay with the
    run before them. Text without a letter or a digit is no run at all.
    """
    number: Language = "zh" if re.search(f"[{HAN}]", text) or not re.search(r"[^\W\d_]", text) else "en"
    found: list[Run] = []
    for piece in _PIECE.finditer(text):
        kind = piece.lastgroup
        language: Language | None = (
            None if kind is None else number if kind == "digits" else "zh" if kind == "zh" else "en"
        )
        if found and language in (None, found[-1].language):
            found[-1] = Run(found[-1].text + piece.group(), found[-1].begin, found[-1].language)
        elif language is not None:
            found.append(Run(piece.group(), piece.start(), language))
    return found


LETTERS = (
    {"A": "诶", "B": "比", "C": "西", "D": "迪", "E": "伊", "F": "艾弗", "G": "基", "H": "艾尺", "I": "爱"}
    | {"J": "杰", "K": "开", "L": "艾勒", "M": "艾姆", "N": "恩", "O": "欧", "P": "屁", "Q": "抠", "R": "阿尔"}
    | {"S": "艾斯", "T": "提", "U": "优", "V": "维", "W": "达不溜", "X": "艾克斯", "Y": "歪", "Z": "贼"}
)
"""The letters' names in Chinese syllables: for a Mandarin voice without an English one beside it."""


def spelled(text: str) -> list[tuple[str, int]]:
    """`text` as Han characters, each with the index of the character of `text` it says.

    Numbers are written out and letters become their names; everything else falls silent.
    """
    said: list[tuple[str, int]] = []
    at = 0
    for begin, end, words in [*figures(text), (len(text), len(text), "")]:
        for index in range(at, begin):
            character = text[index]
            names = character if _HAN.match(character) else LETTERS.get(character.upper(), "")
            said.extend((name, index) for name in names)
        said.extend((word, begin) for word in words)
        at = end
    return said
