"""Figures as a Mandarin speaker says them: amounts, years, times, shares, numbers of phones and orders.               [pure]

A voice that knows characters only must read what a model writes in figures. Only what a telephone answer is likely to hold is
told apart; everything else is read figure by figure, which is never wrong, only slow.
"""

from __future__ import annotations

import re
from collections.abc import Callable

FIGURES = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")
LONGEST_AMOUNT = 12
"""Figures: up to 千亿."""

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_COUNTED = "个位件天次种条家年岁块元角分点里公克斤吨米度人份台张万千百亿层名本小周秒倍"
"""Characters that follow an amount, however long; a number of five figures and more without one is a code."""
_TWO = "个位件天次种条家年块公斤吨张台份层名本小周万千亿里米倍"
"""Where a lone 2 is 两."""


def amount(figures: str) -> str:
    """``1050`` as 一千零五十, ``10`` as 十, ``3.14`` as 三点一四. At most `LONGEST_AMOUNT` figures before the point."""
    whole, _, part = figures.replace(",", "").partition(".")
    whole = whole.lstrip("0") or "0"
    said = _whole(whole) if len(whole) <= LONGEST_AMOUNT else one_by_one(whole)
    return said + (f"点{one_by_one(part)}" if part else "")


def one_by_one(figures: str) -> str:
    """``2024`` as 二零二四; what is no figure is left out."""
    return "".join(FIGURES[int(figure)] for figure in figures if figure.isdecimal())


def _whole(figures: str) -> str:
    said, gap = "", False
    groups = [figures[max(0, end - 4) : end] for end in range(len(figures), 0, -4)][::-1]
    for at, group in enumerate(groups):
        if not int(group):
            gap = True
            continue
        gap = gap or (bool(said) and group.startswith("0"))
        said += ("零" if gap and said else "") + _below_myriad(group.lstrip("0")) + _MYRIADS[len(groups) - 1 - at]
        gap = False
    said = said or "零"
    return said[1:] if said.startswith("一十") else said


def _below_myriad(figures: str) -> str:
    said, gap = "", False
    for at, figure in enumerate(figures):
        if figure == "0":
            gap = True
            continue
        said += ("零" if gap else "") + FIGURES[int(figure)] + _UNITS[len(figures) - 1 - at]
        gap = False
    return said


def _time(found: re.Match[str]) -> str:
    hour, minute = found["hour"], int(found["minute"])
    tail = "" if not minute else "半" if minute == 30 else f"{'零' if minute < 10 else ''}{amount(str(minute))}分"
    return f"{'两' if int(hour) == 2 else amount(hour)}点{tail}"


def _range(found: re.Match[str]) -> str:
    return f"{amount(found['low'])}到{amount(found['high'])}"


def _plain(found: re.Match[str]) -> str:
    figures, after = found[0], found.string[found.end() : found.end() + 1]
    whole = figures.replace(",", "").partition(".")[0]
    if figures == "2" and after and after in _TWO and found.string[: found.start()][-1:] != "第":
        return "两"
    counted = "," in figures or "." in figures or (bool(after) and after in _COUNTED)
    if (len(whole) > 1 and whole.startswith("0")) or (len(whole) > 4 and not counted):
        return one_by_one(figures)
    return amount(figures)


_RULES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"(?P<year>\d{4})(?=年)", lambda found: one_by_one(found["year"])),
    (r"(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)(?!\d)", _time),
    (r"\+?\d+(?:-\d{3,})+", lambda found: one_by_one(found[0])),
    (rf"(?P<share>{_NUMBER})[%％]", lambda found: f"百分之{amount(found['share'])}"),
    (rf"[¥￥](?P<money>{_NUMBER})元?", lambda found: f"{amount(found['money'])}元"),
    (rf"(?P<low>{_NUMBER})[-~～—](?P<high>{_NUMBER})(?=[{_COUNTED}])", _range),
    (_NUMBER, _plain),
)
_ANY = re.compile("|".join(f"(?P<rule{number}>{pattern})" for number, (pattern, _) in enumerate(_RULES)), re.ASCII)


def figures(text: str) -> list[tuple[int, int, str]]:
    """Every number in `text`: where it begins and ends, and the characters that say it."""
    found = []
    for match in _ANY.finditer(text):
        rule = next(number for number in range(len(_RULES)) if match[f"rule{number}"] is not None)
        found.append((match.start(), match.end(), _RULES[rule][1](match)))
    return found
