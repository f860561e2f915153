"""Numbers as a recogniser may write them: 123, 一二三, 幺两三, 一百二十三, one two three. [pure]"""

from __future__ import annotations

import re

SPELLED = "零〇一二两三四五六七八九幺"
"""Chinese digits, one character each, as they are dictated."""
_FIGURES = dict(zip(SPELLED, "0012234567891", strict=True))
_TO_FIGURES = str.maketrans(_FIGURES)
_UNITS = {"亿": 10**8, "万": 10**4, "千": 1_000, "百": 100, "十": 10}
UNITS = "".join(_UNITS)
"""What makes an amount of digits: 三百 is not dictated."""
LONGEST_AMOUNT = 20
"""Characters. What is longer is no amount that anybody says."""

_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
ENGLISH_DIGITS = frozenset((*_WORDS, "oh", "o"))
_WORD = re.compile(rf"\b(?:(double|triple) )?({'|'.join(_WORDS)}|\d)\b(?!')")
_NOUGHT = re.compile(r"(?<=\d )(?:oh|o)\b|\b(?:oh|o)(?= \d)")


def figures(digits: str) -> str:
    """``幺两三`` as ``123``; what is no digit stays."""
    return digits.translate(_TO_FIGURES)


def english_figures(text: str) -> str:
    """``one double three oh five`` as ``1 33 0 5``; `text` in small letters. Other words stay, so "this one" becomes "this 1"."""
    return _NOUGHT.sub("0", _WORD.sub(_digits_of, text))


def _digits_of(found: re.Match[str]) -> str:
    digit = _WORDS.get(found[2], found[2])
    return digit * {"double": 2, "triple": 3}.get(found[1], 1)


def amount(said: str) -> int | None:
    """``两千零五`` as 2005, ``三万五`` as 35000, ``3万`` as 30000; None for what is no whole amount: 三百零, 二三十, 百."""
    return _amount(said) if len(said) <= LONGEST_AMOUNT else None


def _amount(said: str) -> int | None:
    for unit, size in _UNITS.items():
        before, has, after = said.partition(unit)
        if has:
            many = 1 if has == said[0] == "十" else _amount(before) if size >= 10**4 else _number(before)
            rest = _rest(after, size)
            return many * size + rest if many and rest is not None else None
    return _number(said)


def _rest(said: str, size: int) -> int | None:
    """What comes after a unit of `size`. A lone digit is of the next smaller unit: 三百五 is 350, but 三百零五 is 305."""
    if not said:
        return 0
    if said[0] in "零〇":
        rest = _amount(said[1:])
        return rest if rest and rest < size // 10 else None
    rest = _amount(said)
    if rest is None or rest >= size:
        return None
    return rest * (size // 10) if len(said) == 1 else rest


def _number(said: str) -> int | None:
    """One digit, or figures. Two digits in a row that are spelled are dictated, or mean "two or three"."""
    digits = figures(said)
    return int(digits) if digits.isascii() and digits.isdigit() and (len(said) == 1 or digits == said) else None
