"""Chinese characters to the phonemes of a voice trained on the Baker corpus, by way of pypinyin.

The corpus labels what was *said*: third tones before third tones are second tones, 一 and 不 change theirs, neutral tones are tone 5;
so the same is asked of pypinyin. Between two characters stands ``#0``, around the clause ``sil``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from .clauses import spelled

_ODD = {"n": "en", "ng": "en", "m": "mu", "hm": "hen", "hng": "heng", "ê": "ei", "r": "er"}
"""Syllables without a vowel that dictionaries list (嗯, 呣, 噷), and the nearest one the voice knows."""


class Phonemes:
    """The voice's own tables.

    Args:
        mapper: ``baker_mapper.json``: ``symbol_to_id`` and ``pinyin_dict`` (a syllable's initial and final).

    Any thread may call.
    """

    def __init__(self, mapper: Path) -> None:
        tables = json.loads(mapper.read_text(encoding="utf-8"))
        self._ids: Mapping[str, int] = tables["symbol_to_id"]
        self._parts: Mapping[str, Sequence[str]] = tables["pinyin_dict"]

    def of(self, text: str) -> tuple[list[int], list[int]]:
        """The phoneme numbers of a clause and, beside each, the index of the character of `text` it belongs to (-1: none).

        Both are empty if there is nothing to say. `clauses.spelled` says how numbers and letters are read.
        """
        said = spelled(text)
        names: list[tuple[str, int]] = []
        for syllable, (_, index) in zip(_syllables("".join(character for character, _ in said)), said, strict=True):
            parts = self._parts.get(syllable[:-1]) or self._parts.get(_ODD.get(syllable[:-1], ""))
            if parts is None:
                continue  # a character no dictionary can read
            if names:
                names.append(("#0", names[-1][1]))  # the glide into the next one: heard as part of the one before
            names += [(parts[0], index), (parts[1] + syllable[-1], index)]
        if not names:
            return [], []
        names = [("sil", -1), *names, ("sil", -1), ("eos", -1)]
        return [self._ids[name] for name, _ in names], [index for _, index in names]


def _syllables(han: str) -> list[str]:
    """One syllable with its tone's digit for each character: ``hao3``."""
    from pypinyin import Style, lazy_pinyin  # not at the top: half a second of dictionaries, and part of an engine

    def read(text: str) -> list[str]:
        return list(
            lazy_pinyin(
                text,
                style=Style.TONE3,
                neutral_tone_with_five=True,
                tone_sandhi=True,
                errors=lambda rest: ["5"] * len(rest),
            )
        )

    syllables = read(han)
    if len(syllables) != len(han):  # a phrase entry that reads two characters as one: read them apart
        syllables = [read(character)[0] for character in han]
    return syllables
