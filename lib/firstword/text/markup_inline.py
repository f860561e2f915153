"""Markup within a line of Markdown: emphasis, code, links, citations, directions, faces, pictures. For `markup`. [pure]"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import pictures
from .markup_keys import key_at
from .pictures import FACE_STARTS, FACES, LONGEST_FACE, is_face
from .scan import NOT_MINE, WAIT, Rule, Scan

LONGEST_LINK = 80
"""Characters of a link's text."""
LONGEST_CITATION = 40
LONGEST_ASIDE = 30
"""Characters of a direction and of a face, with what surrounds them."""
MOST_CODE = 300
"""Characters of code within a line, after which a backtick that opened it counts for nothing."""
_MOST_BRACKETS = 16
"""In a link's text."""

_NUMBERS = re.compile(r"\^?[1-9][0-9]{0,2}(?:\s?[,，、\-–]\s?\^?[1-9][0-9]{0,2}){0,9}\^?")
_CITED = re.compile(
    r"(?:\d{1,4}(?:[:：]\d{1,4})?†.*|(?:citation|ref|source|cite)[:：]?\s?[\d,，、 ]{1,20}|\^[^\]】]+)", re.IGNORECASE
)
_BRACKETS = re.compile(r"[\[\]\n。！？]")
_NAME = re.compile(r"\[[A-Za-z0-9_\-]{0,30}\]")
_NAME_BEGUN = re.compile(r"\[[A-Za-z0-9_\-]{0,30}\Z")

_DOES = (
    r"smiles?|smiling|laughs?|laughing|laughter|chuckles?|chuckling|giggles?|giggling|sighs?|sighing|nods?|nodding|pauses?|grins?|winks?|"
    r"coughs?|shrugs?|whispers?|whispering|gasps?|bows|waves|applause|clears (?:his |her |my )?throat|takes a (?:deep )?breath|deep breath"
)
_DIRECTION_EN = re.compile(
    rf"(?:[a-z]+ly |short |brief |long |slight |soft |light |a )?(?:{_DOES})(?: [a-z]{{1,12}}){{0,3}}", re.IGNORECASE
)
_DIRECTION_ZH = re.compile(
    r"[\u4e00-\u9fff，]{0,6}(?:微笑|大笑|苦笑|轻笑|偷笑|笑声|笑着|笑|叹气|叹息|叹了口气|停顿|沉默|思考|点头|摇头|咳嗽|咳|清嗓子|鼓掌|掌声|眨眼|挥手|鞠躬|"
    r"耸肩|哽咽|深呼吸|吸气|呼气|轻声|小声|低声|画外音|背景音乐|铃声|语气[\u4e00-\u9fff]{1,6}|[\u4e00-\u9fff]{2}的语气)(?:着|了|一下|片刻|[一两几]秒|两声|一声|道|地?说)?"
)
_FACE = re.compile("|".join(map(re.escape, sorted(FACES, key=len, reverse=True))))
_FACES_BEGUN = frozenset(face[:end] for face in FACES for end in range(1, len(face) + 1))
_MAY_BE_UNDERLINED = "“\"'‘《「『（([`*~<$"
_NOT_A_DIRECTION = ("见笑", "可笑", "笑话", "玩笑", "笑纳", "不思考")


def stars(scan: Scan, text: str, at: int, last: bool) -> int:
    """``*`` and ``**``; a * b, 2**10, 138****5678 and 按*键 are none."""
    count = _run(text, at, "*", 4)
    if at + count == len(text) and count < 4 and not last:
        return WAIT
    if count == 4:
        return _plain(scan, "****") if _is_word(scan.before) else _silent(scan, 4)
    following = text[at + count : at + count + 1]
    opens, closes = bool(following.strip()), bool(scan.before.strip())
    between_ascii = _is_word(scan.before) and _is_word(following)
    if count == 1 and opens and not scan.italic and not between_ascii and scan.reading.stage_directions == "skip":
        taken = _between(scan, text, at, last, "*", LONGEST_ASIDE, is_direction)
        if taken:
            return taken
    if count == 1 and not scan.italic:
        key = key_at(text, at, scan.before, last)
        if key:
            return WAIT if key == WAIT else _plain(scan, text[at : at + key])
    bold, italic = count >= 2, count != 2
    if closes and ((bold and scan.bold) or (italic and scan.italic)):
        scan.bold, scan.italic = scan.bold and not bold, scan.italic and not italic
        return _silent(scan, count)
    if opens and not between_ascii:
        scan.bold, scan.italic = scan.bold or bold, scan.italic or italic
        return _silent(scan, count)
    return _plain(scan, "*" * count)


def underscores(scan: Scan, text: str, at: int, last: bool) -> int:
    """``_`` and ``__`` beside a word, not within: snake_case stays."""
    count = _run(text, at, "_", 4)
    if at + count == len(text) and count < 4 and not last:
        return WAIT
    following = text[at + count : at + count + 1]
    if count == 4 or (scan.before.isalnum() and following.isalnum()):
        return _plain(scan, "_" * count)
    if scan.underlined and scan.before.strip() and not following.isalnum():
        scan.underlined = False
        return _silent(scan, count)
    if (following.isalnum() or following in _MAY_BE_UNDERLINED) and following and not scan.before.isalnum():
        scan.underlined = True
        return _silent(scan, count)
    return _plain(scan, "_" * count)


def waves(scan: Scan, text: str, at: int, last: bool) -> int:
    """``~~``: 3~5 stays."""
    if at + 1 == len(text) and not last:
        return WAIT
    return _silent(scan, 2) if text.startswith("~~", at) else NOT_MINE


def backticks(scan: Scan, text: str, at: int, last: bool) -> int:
    """Code in a line: it is spoken as it is written, without the ticks."""
    count = _run(text, at, "`", 8)
    if at + count == len(text) and count < 8 and not last:
        return WAIT
    if not scan.ticks:
        scan.ticks = count
        scan.mode = _Code(count).rest
    return _silent(scan, count)


class _Code:
    """A mode: to the ticks that close it, the line's end, or `MOST_CODE`."""

    def __init__(self, ticks: int) -> None:
        self._ticks = ticks
        self._taken = 0

    def rest(self, scan: Scan, text: str, at: int, last: bool) -> int:
        character = text[at]
        if character == "`":
            count = _run(text, at, "`", 8)
            if at + count == len(text) and count < 8 and not last:
                return WAIT
            if count == self._ticks:
                self._end(scan)
                return _silent(scan, count)
            return _plain(scan, text[at : at + count])
        if character == "\n" or self._taken >= MOST_CODE:
            self._end(scan)
            return NOT_MINE
        end = at + 1
        while end < len(text) and end - at < MOST_CODE - self._taken and text[end] not in "`\n":
            end += 1
        self._taken += end - at
        scan.plain(text[at:end])
        return end - at

    @staticmethod
    def _end(scan: Scan) -> None:
        scan.mode, scan.ticks = None, 0


# -- square brackets -----------------------------------------------------------------------------------------------------


def bracket(scan: Scan, text: str, at: int, last: bool) -> int:
    """``[text](address)``, ``[1]``, ``[pause]``; anything else in brackets stays."""
    close = _matching(text, at)
    if close == WAIT:
        return NOT_MINE if last else WAIT
    if close == NOT_MINE:
        return NOT_MINE
    inside = text[at + 1 : close]
    if close + 1 == len(text) and not last:
        return WAIT
    following = text[close + 1 : close + 2]
    if following == "(":
        scan.links += 1
        return _silent(scan, 1)
    if _NUMBERS.fullmatch(inside) or _CITED.fullmatch(inside):
        return _silent(scan, close + 1 - at)
    if following == "[" and inside:
        if _NAME.match(text, close + 1):
            scan.links += 1
            return _silent(scan, 1)
        if not last and _NAME_BEGUN.match(text, close + 1):
            return WAIT
    if scan.reading.stage_directions == "skip" and is_direction(inside):
        return _silent(scan, close + 1 - at)
    return NOT_MINE


def _matching(text: str, at: int) -> int:
    """Where the bracket is closed that opens at `at`."""
    depth, position = 0, at
    for _ in range(_MOST_BRACKETS):
        found = _BRACKETS.search(text, position, at + LONGEST_LINK)
        if not found:
            return WAIT if len(text) - at < LONGEST_LINK else NOT_MINE
        if found[0] not in "[]":
            return NOT_MINE
        depth += 1 if found[0] == "[" else -1
        position = found.end()
        if depth == 0:
            return found.start()
        if depth > 3:
            return NOT_MINE
    return NOT_MINE


def bracket_closed(scan: Scan, text: str, at: int, last: bool) -> int:
    """The ``](address)`` or ``][name]`` of a link."""
    if not scan.links:
        return NOT_MINE
    if at + 1 == len(text) and not last:
        return WAIT
    following = text[at + 1 : at + 2]
    if following not in ("(", "["):
        return NOT_MINE
    scan.links -= 1
    scan.mode = _Address(following, ")" if following == "(" else "]").rest
    return _silent(scan, 2)


class _Address:
    """A mode: to the bracket that closes the address, or the line's end."""

    def __init__(self, opened: str, closed: str) -> None:
        self._signs = re.compile(rf"[{re.escape(opened + closed)}\n]")
        self._opened = opened
        self._depth = 1

    def rest(self, scan: Scan, text: str, at: int, last: bool) -> int:
        position = at
        while found := self._signs.search(text, position):
            position = found.end()
            if found[0] == "\n":
                scan.mode = None
                return _silent(scan, found.start() - at)
            self._depth += 1 if found[0] == self._opened else -1
            if self._depth == 0:
                scan.mode = None
                return _silent(scan, position - at)
        return _silent(scan, len(text) - at)


def picture(scan: Scan, text: str, at: int, last: bool) -> int:
    """``![description](address)``."""
    if _is_word(scan.before):
        return NOT_MINE  # the end of a sentence, whatever follows: it must not wait
    if at + 1 == len(text):
        return NOT_MINE if last else WAIT
    if text[at + 1] != "[":
        return NOT_MINE
    close = _matching(text, at + 1)
    if (close == WAIT or close + 1 == len(text)) and not last:
        return WAIT
    if close in (WAIT, NOT_MINE) or text[close + 1 : close + 2] != "(":
        return NOT_MINE
    if scan.reading.images == "say":
        return _silent(scan, 1)
    scan.mode = _Address("(", ")").rest
    return _silent(scan, close + 2 - at)


def lenticular(scan: Scan, text: str, at: int, last: bool) -> int:
    """【3†source】 and 【停顿】; 【重要】 stays."""

    def skipped(inside: str) -> bool:
        return _CITED.fullmatch(inside) is not None or (
            scan.reading.stage_directions == "skip" and is_direction(inside)
        )

    return _between(scan, text, at, last, "】", LONGEST_CITATION, skipped)


# -- round brackets and faces --------------------------------------------------------------------------------------------


def parenthesis(scan: Scan, text: str, at: int, last: bool) -> int:
    """（笑） and (^_^)."""
    if scan.reading.stage_directions == "say":
        return NOT_MINE
    taken = _between(scan, text, at, last, ")" if text[at] == "(" else "）", LONGEST_ASIDE, _is_aside)
    scan.after_face = taken > 0
    return taken


def _is_aside(inside: str) -> bool:
    return is_face(inside) or is_direction(inside)


def is_direction(inside: str) -> bool:
    """Whether it tells how to speak, not what: 笑, 停顿两秒, smiles warmly."""
    if inside.isascii():
        return _DIRECTION_EN.fullmatch(inside) is not None
    return (
        len(inside) <= 14
        and _DIRECTION_ZH.fullmatch(inside) is not None
        and not any(word in inside for word in _NOT_A_DIRECTION)
    )


def face(scan: Scan, text: str, at: int, last: bool) -> int:
    """:) and ^_^, where they stand apart."""
    if scan.reading.stage_directions == "say" or _is_word(scan.before) or scan.before in "([{\"'/\\":
        return NOT_MINE
    found = _FACE.match(text, at)
    if found and (found.end() < len(text) or last) and not _is_word(text[found.end() : found.end() + 1]):
        return _silent(scan, found.end() - at)
    begun = not last and len(text) - at <= LONGEST_FACE and text[at:] in _FACES_BEGUN
    return WAIT if begun else NOT_MINE


def unspoken(scan: Scan, text: str, at: int, last: bool) -> int:
    """A picture, a mark without width, a sign of control."""
    return _silent(scan, 1)


def arm(scan: Scan, text: str, at: int, last: bool) -> int:
    """ヾ and what else stands beside a face."""
    return _silent(scan, 1) if scan.after_face or text[at] in "ヾ╭╮╰╯┐┌" else NOT_MINE


def arrow(scan: Scan, text: str, at: int, last: bool) -> int:
    scan.pause(1, whole=False)
    return 1


# -- small things --------------------------------------------------------------------------------------------------------


def _between(
    scan: Scan, text: str, at: int, last: bool, closed: str, longest: int, skipped: Callable[[str], bool]
) -> int:
    """What stands between the character at `at` and `closed`, if it is `skipped`: all of it is silent."""
    end = text.find(closed, at + 1, at + 1 + longest)
    line = text.find("\n", at + 1, end if end > 0 else at + 1 + longest)
    if line > 0:
        return NOT_MINE
    if end < 0:
        return WAIT if not last and len(text) - at <= longest else NOT_MINE
    return _silent(scan, end + 1 - at) if skipped(text[at + 1 : end]) else NOT_MINE


def _silent(scan: Scan, characters: int) -> int:
    scan.silent(characters)
    return characters


def _plain(scan: Scan, text: str) -> int:
    scan.plain(text)
    return len(text)


def _run(text: str, at: int, character: str, most: int) -> int:
    end = at
    while end < len(text) and end - at < most and text[end] == character:
        end += 1
    return end - at


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


RULES: dict[str, tuple[Rule, ...]] = {
    "*": (stars,),
    "_": (underscores,),
    "~": (waves,),
    "`": (backticks,),
    "[": (bracket,),
    "]": (bracket_closed,),
    "!": (picture,),
    "【": (lenticular,),
    "(": (parenthesis,),
    "（": (parenthesis,),
    **{start: (face,) for start in FACE_STARTS},
    **{character: (arm,) for character in pictures.ARMS},
}
