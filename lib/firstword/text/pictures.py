"""Characters that are looked at and not spoken: pictures, ornaments, what has no width, faces made of punctuation. [pure]"""

from __future__ import annotations

import re

UNSPOKEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad"  # control characters but for tab and line feed; the soft hyphen
    "\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufffb"
    "\u20d0-\u20ff"  # marks around a character: the keycap of 1️⃣
    "\ud800-\udfff\ue000-\uf8ff"  # halves of characters, private ones
    "\u00a9\u00ae\u2122"  # (c) (r) tm
    "\u2300-\u23ff\u2400-\u245f\u2500-\u25ff"  # technical signs, drawn lines and blocks
    "\u2600-\u2712\u2719-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299"  # weather, cards, ornaments; not the ticks and crosses
    "\u2713-\u2718"
    "\U0001f000-\U0001faff\U000e0000-\U000e0fff\U000f0000-\U0010ffff"  # pictures, tags, private ones
)
"""For a regular expression's class."""
ARROWS = "\u2190-\u21ff\u27f0-\u27ff\u2900-\u297f"
"""A way from one thing to the next: a pause."""
BULLETS = "•‣◦▪▫■□●○◆◇★☆➤►▶✅☑✔✓❌✦✧❖"
"""At the start of a line they are markers of a list."""

FACES = ("^_^", "^o^", "^-^", "^^", "=_=", "-_-", "@_@", ">_<", ">.<", "T_T", "T.T", "TAT", "QAQ", "QwQ", "Q_Q",
         ":)", ":-)", ":(", ":-(", ":D", ":-D", ";)", ";-)", ":P", ":-P", ":p", ":-p", ":'(")  # fmt: skip
FACE_STARTS = "".join(sorted({face[0] for face in FACES}))
LONGEST_FACE = max(map(len, FACES))

FACE_CHARS = 16
"""The longest face between brackets."""
ARMS = "ノﾉっツヾγσΣ╭╮╰╯┐┌ゞ♪"
"""Beside a face they belong to it."""

_EYES = re.compile(r"[≧≦▽ω＾◕‿｡´｀▿∀ﾟ°□Д╥﹏╯╰ツ◡•́̀ಠ益艹・︿╭¬￣ﾉヮ⊙╬彡ˊˋ△▔╳ↀㅂ◔̯ʖ]")
_PLAIN_FACE = re.compile(
    r"[*>=;#@ ]?([\^\-=><;@*+]|[ToOuUQx0])([._oOwvVu3~\-]{0,3})\1[*;#b~ /]{0,3}|[>=]?[>][._]{1,3}[<]|\*?\^[._oO▽]{0,3}\^\*?"
)
_SIGNS = frozenset(("--", "---", "==", "===", "->", "=>", "<=", ">=", "<>", "**", "***", "++", ">>", "<<", ";;"))
_WORDS = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]{2}")


def is_face(inside: str) -> bool:
    """Whether what stands between brackets is a face: (≧▽≦), (^_^), (T_T); not (a^2), (>=), (x-x), (含税)."""
    if not inside or len(inside) > FACE_CHARS or inside in _SIGNS:
        return False
    plain = _PLAIN_FACE.fullmatch(inside)
    if plain:
        letters = plain[1] is not None and plain[1].isalnum()
        return not letters or any(mouth in (plain[2] or "") for mouth in "_.")
    return bool(_EYES.search(inside)) and not _WORDS.search(inside)
