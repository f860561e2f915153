"""Numbers as Mandarin says them: 138 as 一百三十八, 幺三八 or 一三八. [pure]

Only what a number is called; which of these a place in a text asks for is decided in `kinds_zh`. Figures are ASCII.
"""

from __future__ import annotations

FIGURES = "零一二三四五六七八九"
TELEPHONE = "零幺二三四五六七八九"
"""On a telephone 1 is 幺: 一 sounds like 七."""
LONGEST_AMOUNT = 16
"""Figures before the point: up to 千万亿. What is longer is read figure by figure."""

_UNITS = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万亿")
_BY_ONE = str.maketrans("0123456789", FIGURES)
_BY_ONE_PHONE = str.maketrans("0123456789", TELEPHONE)


def digits(figures: str) -> str:
    """``2024`` as 二零二四: figure by figure. What is no figure stays."""
    return figures.translate(_BY_ONE)


def dictated(figures: str) -> str:
    """``110`` as 幺幺零: as one dictates it on a telephone. What is no figure stays."""
    return figures.translate(_BY_ONE_PHONE)


def amount(figures: str, *, two: str = "二") -> str:
    """``1050`` as 一千零五十, ``3.14`` as 三点一四, ``200`` as 两百, ``220`` as 二百二十; a lone 2 as `two`.

    Args:
        figures: with or without commas between thousands, leading zeros, a part behind a point.
        two: 两 before what is counted (两个), 二 elsewhere (第二).
    """
    whole, point, part = figures.replace(",", "").partition(".")
    whole = whole.lstrip("0") or "0"
    if len(whole) > LONGEST_AMOUNT:
        said = digits(whole)
    elif whole == "2" and not part:
        said = two
    else:
        said = _whole(whole, "两")
    return f"{said}点{digits(part)}" if point and part else said


def ordinal(figures: str) -> str:
    """``2`` as 二, ``200`` as 二百: what follows 第. Never 两."""
    whole = figures.replace(",", "").lstrip("0") or "0"
    return _whole(whole, "二") if len(whole) <= LONGEST_AMOUNT else digits(whole)


def is_year(figures: str) -> bool:
    """Whether four figures may be a year, from 1800 to 2199."""
    return len(figures) == 4 and figures[:2] in ("18", "19", "20", "21")


def _whole(figures: str, two: str) -> str:
    """`two` is what a 2 that leads is called where it counts 百, 千, 万 or 亿."""
    groups = [figures[max(0, end - 4) : end] for end in range(len(figures), 0, -4)][::-1]
    said, gap = "", False
    for at, group in enumerate(groups):
        myriad = _MYRIADS[len(groups) - 1 - at]
        value = int(group)
        if not value:
            gap = True
            continue
        if said and (gap or group[0] == "0"):
            said += "零"
        gap = False
        if value == 2 and myriad and not said:
            said += two + myriad
            continue
        leads = not said or (bool(myriad) and len(groups) > 2 and group[0] != "0")
        part = _group(group.lstrip("0"), two if leads else "二")
        if 10 <= value < 20 and (myriad or not said):
            part = part[1:]  # 十万, 一百亿零十万, but 一万零一十
        said += part + myriad
    return said or FIGURES[0]


def _group(figures: str, two: str) -> str:
    """At most four figures, the first not zero. 两百, but 二百二十: 两 is said of a round number of hundreds."""
    said, gap = "", False
    for at, figure in enumerate(figures):
        if figure == "0":
            gap = True
            continue
        place = len(figures) - 1 - at
        counts = not said and (place == 3 or (place == 2 and not figures[at + 1 :].strip("0")))
        name = two if figure == "2" and counts else FIGURES[int(figure)]
        said += ("零" if gap else "") + name + _UNITS[place]
        gap = False
    return said
