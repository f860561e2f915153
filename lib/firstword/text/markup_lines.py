"""What stands at the start of a line in Markdown: headings, lists, quotations, rules, and where a block begins. For `markup`. [pure]"""

from __future__ import annotations

import re

from . import markup_blocks as blocks
from .pictures import BULLETS
from .scan import NOT_MINE, WAIT, Rule, Scan

LONGEST_RULE = 100
"""Characters of a line that is nothing but dashes."""

_DIGITS = "零一二三四五六七八九"
_ENGLISH = (
    "", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth", "Eleventh", "Twelfth",
    "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth", "Nineteenth", "Twentieth",
)  # fmt: skip

_NUMBER = re.compile(r"([0-9]{1,2})(?:(?P<ascii>[.)])|(?P<wide>[、．）])|(?P<key>\ufe0f?\u20e3))")
_NUMBER_BEGUN = re.compile(r"[0-9]{1,2}\ufe0f?\Z")
_NUMBER_GOES_ON = "%％‰°"
_AFTER_ASCII = " \t*_`$<["
_BRACKETED = re.compile(r"[(（]([0-9]{1,2})[)）]")
_BRACKETED_BEGUN = re.compile(r"[(（][0-9]{0,2}\Z")
_IN_LINE = re.compile(r"([0-9]{1,2})、|[(（]([0-9]{1,2})[)）]")
_IN_LINE_BEGUN = re.compile(r"(?:[0-9]{1,2}|[(（][0-9]{0,2})\Z")
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_TASK = re.compile(r"\[[ xX]\] ")
_TASK_BEGUN = re.compile(r"(?:\[(?:[ xX]\]?)?)?\Z")
_LABEL = re.compile(r"\[\^?[^\[\]\n]{1,60}\]:")
_LABEL_BEGUN = re.compile(r"\[\^?[^\[\]\n]{0,60}\]?\Z")
_RULES = {mark: re.compile(rf"{re.escape(mark)}(?:[ \t]*{re.escape(mark)}){{2,}}[ \t]*(?=\n|\Z)") for mark in "-*_="}
_RULES_BEGUN = {mark: re.compile(rf"[{re.escape(mark)} \t]{{1,{LONGEST_RULE}}}\Z") for mark in "-*_="}
_UNDER_HEADERS = re.compile(r"-{2,40}:?[ \t]{0,9}\|[-:| \t]{1,200}(?=\n|\Z)")
_UNDER_HEADERS_BEGUN = re.compile(r"-{2,40}:?[ \t]{0,9}(?:\|[-:| \t]{0,200})?\Z")


def line(scan: Scan, text: str, at: int, last: bool) -> int:
    """A rule: the next marker at the start of a line."""
    rule = _RULES_BY_CHARACTER.get(text[at])
    return rule(scan, text, at, last) if rule else NOT_MINE


def ordinal(number: int, chinese: bool) -> str:
    """第一， and so on, from 0 to 99; First, to Twentieth, in English, and in figures from there."""
    if not chinese:
        return f"{_ENGLISH[number]}, " if 0 < number < len(_ENGLISH) else f"Number {number}, "
    tens, ones = divmod(number, 10)
    before = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return f"第{before}{_DIGITS[ones] if ones or not tens else ''}，"


def _blank(scan: Scan, text: str, at: int, last: bool) -> int:
    scan.silent(1)
    return 1


def _heading(scan: Scan, text: str, at: int, last: bool) -> int:
    end = at
    while end < len(text) and end - at < 7 and text[end] == "#":
        end += 1
    if end - at > 6:
        return NOT_MINE
    if end == len(text):
        return NOT_MINE if last else WAIT
    if text[end] not in " \t" and (end - at < 2 or text[end].isascii()):
        return NOT_MINE  # a #tag#, a number #1
    return _marker(scan, end - at)


def _quotation(scan: Scan, text: str, at: int, last: bool) -> int:
    following = text[at + 1 : at + 2]
    if not following and not last:
        return WAIT
    if following in ("=", "_", ".", "<") or following.isdigit():
        return NOT_MINE
    scan.silent(1)
    return 1


def _dashes(scan: Scan, text: str, at: int, last: bool) -> int:
    """A line of nothing but these is a rule; what remains may be an item of a list."""
    mark = text[at]
    found = _RULES[mark].match(text, at, at + LONGEST_RULE + 1)
    if found and found.end() - at <= LONGEST_RULE and (found.end() < len(text) or last):
        scan.silent(found.end() - at)
        return found.end() - at
    if mark == "-":
        under = _UNDER_HEADERS.match(text, at)
        if under and (under.end() < len(text) or last):
            scan.silent(under.end() - at)
            return under.end() - at
        if not last and _UNDER_HEADERS_BEGUN.match(text, at):
            return WAIT
    if not last and _RULES_BEGUN[mark].match(text, at):
        return WAIT
    return _bullet(scan, text, at, last) if mark in "-*" else NOT_MINE


def _bullet(scan: Scan, text: str, at: int, last: bool) -> int:
    """An item, if a blank follows, with its box if it is a task's."""
    if at + 1 == len(text):
        return NOT_MINE if last else WAIT
    if text[at + 1] not in " \t":
        return NOT_MINE
    if not last and _TASK_BEGUN.match(text, at + 2):
        return WAIT
    task = _TASK.match(text, at + 2)
    return _marker(scan, (task.end() if task else at + 2) - at)


def _dot(scan: Scan, text: str, at: int, last: bool) -> int:
    return _marker(scan, 1)


def _marker(scan: Scan, characters: int) -> int:
    scan.silent(characters)
    scan.ends_whole = True
    return characters


def _number(scan: Scan, text: str, at: int, last: bool) -> int:
    found = _NUMBER.match(text, at)
    if not found:
        return WAIT if not last and _NUMBER_BEGUN.match(text, at) else NOT_MINE
    following = text[found.end() : found.end() + 1]
    if not following:
        return NOT_MINE if last else WAIT
    if not found["key"]:
        if following.isdigit() or following in _NUMBER_GOES_ON:
            return NOT_MINE  # 3.5, 1.%
        if found["ascii"] and following.isascii() and following not in _AFTER_ASCII:
            return NOT_MINE  # 1.x, 2)a
    return _ordinal(scan, int(found[1]), text[at : found.end()], following)


def _bracketed(scan: Scan, text: str, at: int, last: bool) -> int:
    found = _BRACKETED.match(text, at)
    if found and (found.end() < len(text) or last):
        return _ordinal(scan, int(found[1]), found[0], text[found.end() : found.end() + 1])
    return WAIT if not last and (found or _BRACKETED_BEGUN.match(text, at)) else NOT_MINE


def _circled(scan: Scan, text: str, at: int, last: bool) -> int:
    if at + 1 == len(text) and not last:
        return WAIT
    return _ordinal(scan, _CIRCLED.index(text[at]) + 1, text[at], text[at + 1 : at + 2])


def _ordinal(scan: Scan, number: int, marker: str, following: str) -> int:
    """An item's number, with the blank behind it."""
    scan.ends_whole = True
    if scan.reading.lists == "numbers":
        scan.line_start = False
        scan.plain(marker)
        return len(marker)
    characters = len(marker) + (following in (" ", "\t"))
    scan.say(ordinal(number, scan.chinese), characters, fixed=True)
    return characters


def clause_end(scan: Scan, text: str, at: int, last: bool) -> int:
    """A ；, ： or 。 behind which an item's number may stand in the same line: 1、登录；2、付款."""
    scan.plain(text[at])
    scan.mode = _item
    return 1


def _item(scan: Scan, text: str, at: int, last: bool) -> int:
    """A mode: one item's number, or nothing. 时间：1、3、5日 has none."""
    found = _IN_LINE.match(text, at)
    if (not found and not last and _IN_LINE_BEGUN.match(text, at)) or (found and found.end() == len(text) and not last):
        return WAIT
    scan.mode = None
    if not found or text[found.end() : found.end() + 1].isdigit() or found.end() == len(text):
        return NOT_MINE
    return _ordinal(scan, int(found[1] or found[2]), found[0], text[found.end()])


def _label(scan: Scan, text: str, at: int, last: bool) -> int:
    """``[1]: address`` and ``[^1]: note``: the line is for the eye."""
    if text.startswith("[{", at):
        return blocks.tool_call(scan, text, at, last)
    if _LABEL.match(text, at):
        scan.mode = blocks.to_line_end
        return blocks.to_line_end(scan, text, at, last)
    return WAIT if not last and _LABEL_BEGUN.match(text, at) else NOT_MINE


_RULES_BY_CHARACTER: dict[str, Rule] = {
    **dict.fromkeys(" \t\u3000", _blank),
    "#": _heading,
    ">": _quotation,
    **dict.fromkeys("-*_=", _dashes),
    **dict.fromkeys("+–", _bullet),
    **dict.fromkeys(BULLETS + "·", _dot),
    **dict.fromkeys("0123456789", _number),
    **dict.fromkeys("(（", _bracketed),
    **dict.fromkeys(_CIRCLED, _circled),
    **dict.fromkeys("`~", blocks.fence),
    "|": blocks.table,
    "[": _label,
    "{": blocks.tool_call,
    "✿": blocks.agent_line,
}
