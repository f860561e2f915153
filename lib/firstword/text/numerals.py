"""Numbers as a recogniser may write them: 123, 一二三, 幺两三, 一百二十三, one two three. [pure]"""

from __future__ import annotations

import re

SPELLED = "零〇一二两三四五六七八九幺"
"""Chinese digits, one character each, as they are dictated."""
_FIGURES = dict(zip(SPELLED, "0012234567891", strict=True))
_TO_FIGURES = str.maketrans(_FIGURES)
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
UNITS = "".join((*_UNITS, *_MYRIADS))
"""What makes an amount of digits: 三百 is not dictated."""
LONGEST_AMOUNT = 20
"""Characters. What is longer is no amount that anybody says."""

_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_WORD = re.compile(rf"\b(?:(double|triple) )?({'|'.join(_WORDS)}|\d)\b(?!')")
_NOUGHT = re.compile(r"(?<=\d )(?:oh|o)\b|\b(?:oh|o)(?= \d)")
_PART = re.compile(r"[0-9]+|.")


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
    if not said or len(said) > LONGEST_AMOUNT:
        return None
    total = section = 0
    digit: int | None = None
    nought = long = False
    unit, myriad = 10**4, 10**12  # the last ones said: each must be smaller than the one before
    for part in _PART.findall(said):
        if part in _UNITS:
            if digit is None:
                digit = 1 if part == "十" else 0
            if not digit or _UNITS[part] >= unit:
                return None
            unit = _UNITS[part]
            section, digit, nought = section + digit * unit, None, False
        elif part in _MYRIADS:
            section += digit or 0
            if not section or _MYRIADS[part] >= myriad:
                return None
            myriad = _MYRIADS[part]
            total, section, digit, nought, unit = total + section * myriad, 0, None, False, 10**4
        elif digit is not None or (nought and _FIGURES.get(part) == "0"):
            return None  # two digits in a row are dictated, or mean "two or three"
        elif _FIGURES.get(part) == "0" and (total or section):
            nought = True
        else:
            number = _FIGURES.get(part, part)
            if not number.isascii() or not number.isdigit():
                return None
            digit, long = int(number), len(part) > 1
    if digit is None:
        return None if nought else total + section
    if nought or long or not (total or section):
        return total + section + digit
    return total + section + digit * (unit if section else myriad) // 10  # 三百五 is 350, 三万五 is 35000
