"""What a model puts beside its words: directions, faces, citations in brackets. For `markup`. [pure]"""

from __future__ import annotations

import re

from . import pictures
from .pictures import FACE_STARTS, FACES, LONGEST_FACE, is_face
from .scan import NOT_MINE, WAIT, Rule, Scan, between, is_word, skip

LONGEST_CITATION = 40
LONGEST_ASIDE = 30
"""Characters of a direction and of a face, with what surrounds them."""

CITED = re.compile(
    r"(?:\d{1,4}(?:[:：]\d{1,4})?†.*|(?:citation|ref|source|cite)[:：]?\s?[\d,，、 ]{1,20}|\^[^\]】]+)", re.IGNORECASE
)

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
_NOT_A_DIRECTION = ("见笑", "可笑", "笑话", "玩笑", "笑纳", "不思考")


def lenticular(scan: Scan, text: str, at: int, last: bool) -> int:
    """【3†source】 and 【停顿】; 【重要】 stays."""

    def skipped(inside: str) -> bool:
        return CITED.fullmatch(inside) is not None or (scan.reading.stage_directions == "skip" and is_direction(inside))

    return between(scan, text, at, last, "】", LONGEST_CITATION, skipped)


def parenthesis(scan: Scan, text: str, at: int, last: bool) -> int:
    """（笑） and (^_^)."""
    if scan.reading.stage_directions == "say":
        return NOT_MINE
    taken = between(scan, text, at, last, ")" if text[at] == "(" else "）", LONGEST_ASIDE, _is_aside)
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
    if scan.reading.stage_directions == "say" or is_word(scan.before) or scan.before in "([{\"'/\\":
        return NOT_MINE
    found = _FACE.match(text, at)
    if found and (found.end() < len(text) or last) and not is_word(text[found.end() : found.end() + 1]):
        return skip(scan, found.end() - at)
    begun = not last and len(text) - at <= LONGEST_FACE and text[at:] in _FACES_BEGUN
    return WAIT if begun else NOT_MINE


def arm(scan: Scan, text: str, at: int, last: bool) -> int:
    """ヾ and what else stands beside a face."""
    return skip(scan, 1) if scan.after_face or text[at] in "ヾ╭╮╰╯┐┌" else NOT_MINE


RULES: dict[str, tuple[Rule, ...]] = {
    "【": (lenticular,),
    "(": (parenthesis,),
    "（": (parenthesis,),
    **{start: (face,) for start in FACE_STARTS},
    **{character: (arm,) for character in pictures.ARMS},
}
