"""What a recogniser writes, compared and counted: the same words may be written in many ways. [pure]"""

from __future__ import annotations

import re
import unicodedata

from .numerals import SPELLED, UNITS, amount, english_figures, figures

WORD = re.compile(r"[^\W\d_\u2e80-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U0003ffff]+(?:'[a-z]+)*|\d|[^\W_]")
"""A Latin word, a digit, or a character of a script that is written without blanks."""

_SILENT = str.maketrans(dict.fromkeys("。！？；，、…—~!?;,:\"“”‘’「」『』《》〈〉【】()[]{}·|_.'-\t\r\n", " "))
_DIGIT = rf"[0-9{SPELLED}]"
_POINT = re.compile(r"(?:(?<=[0-9])[.:]|(?<!\S)\.)(?=[0-9])")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_SIGN = re.compile(r"[-~–—](?=[0-9])")
_BREATH = re.compile(rf"(?<={_DIGIT}) +(?={_DIGIT})")
_BLANK = re.compile(r"(?<![a-z]) +| +(?![a-z])")
_NUMBER = re.compile(rf"(百分之)?([0-9{SPELLED}{UNITS}|]+)(%)?")
_FILLERS = "嗯呃啊唔 "
_FIRST_FILLERS = re.compile(rf"(?:[{_FILLERS}]|(?:um|uh|er|erm|hmm)(?![a-z]| huh))+")
_LAST_FILLER = re.compile(r"(?<![a-z])(?:um|uh|er|erm|hmm)$")
_ENGLISH_DIGITS = re.compile(
    r"\b(?:(?:double |triple )?(?:zero|one|two|three|four|five|six|seven|eight|nine|oh)\b ?){2,}"
)


def fold(text: str) -> str:
    """`text` in half width and small letters."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).replace("’", "'").lower()


def count_words(text: str) -> int:
    """How much was said: each Chinese character, each Latin word and each digit is one; punctuation is none."""
    return sum(1 for _ in WORD.finditer(fold(text)))


def same(one: str, other: str) -> bool:
    """Whether two transcripts say the same. Punctuation, blanks, width, case, fillers at the ends and how numbers are written do not count.

    A number in figures is the same as the digits dictated (一二三, 幺两三) and as the amount said (一百二十三), but 二三 is not 二十三.
    So it is reflexive and symmetric, not transitive: compare two transcripts, do not sort by it.
    """
    if one == other:
        return True
    ours, theirs = _plain(one), _plain(other)
    return ours == theirs or _agree(_NUMBER.split(ours), _NUMBER.split(theirs))


def beyond(text: str, before: str) -> str:
    """What `text` says beyond `before`, with which it begins, perhaps otherwise written: a recogniser mends what it wrote first.

    It is taken to have mended as few words as may be.
    """
    words = list(WORD.finditer(text))
    ours, theirs = [fold(word[0]) for word in words], [fold(word[0]) for word in WORD.finditer(before)]
    end = len(theirs)
    if ours[:end] != theirs:
        end = _beginning(ours, theirs)
    return text[words[end].start() :].strip() if end < len(words) else ""


def _beginning(words: list[str], before: list[str]) -> int:
    """How many of `words` are `before`: as many as make the fewest differences, or of those what is nearest to its length."""
    fewest = list(range(len(words) + 1))  # differences between what there is of `before` so far and so many of `words`
    for number, theirs in enumerate(before, 1):
        row = [number]
        for at, ours in enumerate(words):
            row.append(min(fewest[at] + (ours != theirs), fewest[at + 1] + 1, row[at] + 1))
        fewest = row
    end = min(range(len(fewest)), key=lambda end: (fewest[end], abs(end - len(before))))
    return (
        end if len(before) == 1 or fewest[end] < len(before) else 0
    )  # none of it agrees: a recogniser that began anew


def _plain(text: str) -> str:
    """Without what is not said. What changes a number stays: a point, a sign, and ``|`` where a number was said with a breath in it."""
    text = _THOUSANDS.sub("", fold(text))
    text = _SIGN.sub("\x02", _POINT.sub("点", text)).translate(_SILENT).replace("\x02", "-")
    text = _ENGLISH_DIGITS.sub(lambda found: english_figures(found[0]), " ".join(text.split()))
    text = _BLANK.sub("", _BREATH.sub("|", text))
    return _without_fillers(text) or text


def _without_fillers(text: str) -> str:
    found = _FIRST_FILLERS.match(text)
    text = text[found.end() if found else 0 :].rstrip(_FILLERS)
    while found := _LAST_FILLER.search(text, max(0, len(text) - 4)):
        text = text[: found.start()].rstrip(_FILLERS)
    return text


def _agree(ours: list[str], theirs: list[str]) -> bool:
    """Whether two texts agree that were split at their numbers: text, 百分之 or None, the number, % or None, text, and so on."""
    if len(ours) != len(theirs) or ours[::4] != theirs[::4]:
        return False
    return all(
        bool(ours[at] or ours[at + 2]) == bool(theirs[at] or theirs[at + 2])
        and not _readings(ours[at + 1]).isdisjoint(_readings(theirs[at + 1]))
        for at in range(1, len(ours), 4)
    )


def _readings(number: str) -> set[tuple[str, str]]:
    """Every way in which a written number can have been said."""
    if number.isascii() and number.isdigit():
        return {("digits", number), ("amount", number)}
    if not any(unit in number for unit in UNITS):
        return {("digits", figures(number).replace("|", ""))}
    value = amount(number)
    return {("as written", number)} if value is None else {("amount", str(value))}
