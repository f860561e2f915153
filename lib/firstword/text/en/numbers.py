"""Numbers as English says them: 138 as one hundred thirty eight, one three eight, the hundred thirty eighth. [pure]

Words are parted by blanks, never by hyphens: some voices stumble over them, none needs them. Figures are ASCII.
"""

from __future__ import annotations

from ..phrases import listed

ONES = listed("""
    zero | one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve | thirteen | fourteen | fifteen |
    sixteen | seventeen | eighteen | nineteen
""")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion", "sextillion", "septillion")
LONGEST_AMOUNT = 27
"""Figures before the point. What is longer is read figure by figure."""
_IRREGULAR = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip


def digits(figures: str, *, zero: str = "zero") -> str:
    """``305`` as three zero five. What is no figure is left out."""
    return " ".join(zero if figure == "0" else ONES[int(figure)] for figure in figures if figure.isdecimal())


def amount(figures: str, *, joined: bool = False) -> str:
    """``1050`` as one thousand fifty, ``3.14`` as three point one four, ``.5`` as point five.

    Args:
        figures: with or without commas between thousands, leading zeros, a part behind a point.
        joined: with "and" before what is below a hundred, as one says what is counted: one thousand and fifty.
    """
    whole, point, part = figures.replace(",", "").partition(".")
    if not whole and part:
        return f"point {digits(part)}"
    whole = whole.lstrip("0") or "0"
    said = _whole(whole, joined) if len(whole) <= LONGEST_AMOUNT else digits(whole)
    return f"{said} point {digits(part)}" if point and part else said


def ordinal(figures: str) -> str:
    """``21`` as twenty first, ``1000`` as one thousandth."""
    said = amount(figures)
    before, _, last = said.rpartition(" ")
    return f"{before} {ordinal_word(last)}".lstrip()


def ordinal_word(word: str) -> str:
    """``two`` as second, ``forty`` as fortieth."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"


def year(figures: str) -> str:
    """``1984`` as nineteen eighty four, ``2005`` as two thousand five, ``1900`` as nineteen hundred. At most four figures."""
    value = int(figures)
    if len(figures) == 2:
        return f"zero {ONES[value]}" if value < 10 else _below_hundred(value)
    high, low = divmod(value, 100)
    if len(figures) != 4 or value < 1000 or (high % 10 == 0 and low < 10):
        return amount(figures)
    if low == 0:
        return f"{_below_hundred(high)} hundred"
    return f"{_below_hundred(high)} {f'oh {ONES[low]}' if low < 10 else _below_hundred(low)}"


def house(figures: str) -> str:
    """``123`` as one twenty three, ``1211`` as twelve eleven; ``708`` as seven zero eight, for "oh" may be a letter.

    So are models called that have three figures: A320.
    """
    if len(figures) == 3 and figures[0] != "0" and figures[1:] != "00":
        rest = amount(figures[1:])
        return f"{amount(figures[0])} {f'zero {rest}' if figures[1] == '0' else rest}"
    if figures[0] == "0":
        return digits(figures)
    return year(figures) if len(figures) == 4 else amount(figures) if len(figures) < 4 else digits(figures)


def plural(said: str) -> str:
    """``nineteen eighty`` as nineteen eighties, ``two thousand`` as two thousands."""
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}{'es' if said.endswith('x') else 's'}"


def _whole(figures: str, joined: bool) -> str:
    groups = [figures[max(0, end - 3) : end] for end in range(len(figures), 0, -3)][::-1]
    said: list[str] = []
    for at, group in enumerate(groups):
        value, scale = int(group), _SCALES[len(groups) - 1 - at]
        if not value:
            continue
        hundreds, rest = divmod(value, 100)
        if hundreds:
            said += [ONES[hundreds], "hundred"]
        if rest:
            apart = joined and not scale and said[-1:] in (["hundred"], ["thousand"])
            said += ["and"] * apart + [_below_hundred(rest)]
        said += [scale] * bool(scale)
    return " ".join(said) or ONES[0]


def _below_hundred(value: int) -> str:
    if value < 20:
        return ONES[value]
    tens, ones = divmod(value, 10)
    return f"{TENS[tens]} {ONES[ones]}" if ones else TENS[tens]
