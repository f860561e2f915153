"""Where a voice may stop: after which character, and how well. For `segment`. [pure]

Never within a number, a date, a time, an amount, an address, a Latin word, a quotation or a bracket (bounded). What knows its own end (an
atom of several characters: a number that became words, a word of the lexicon) is never looked into.
"""

from __future__ import annotations

from .atom import Atom

NONE, ANY, WORD, PHRASE, CLAUSE, SENTENCE = range(6)
"""How good a place is: none; between two Chinese characters; between two words; where a group of words ends; a clause; a sentence."""

LONGEST_QUOTED = 40
"""Characters within brackets or quotation marks, after which they are cut like anything else."""
DEEPEST = 8
LONGEST_WORD = 200
"""Characters without a blank, of letters and signs, after which they are cut like anything else."""

_SENTENCE_ENDS = "。！？!?\n"
_CLAUSE_ENDS = "，、；：;,"
_WAIT = "….:—"
"""Whether something ends with these is seen by what follows."""
_DIGIT_SIGNS = "，：、,:;.-/~"
"""Between digits these are part of a number."""
_CLOSING = {
    "“": "”",
    "‘": "’",
    "「": "」",
    "『": "』",
    "（": "）",
    "(": ")",
    "《": "》",
    "〈": "〉",
    "【": "】",
    "[": "]",
    "{": "}",
}
_CLOSERS = frozenset(_CLOSING.values()) | {'"'}


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NO_SENTENCE = _set(
    "mr mrs ms dr prof st no vs etc fig inc ltd co jr sr approx e.g i.e a.m p.m u.s u.k dept est tel ext"
)

# Between which two characters a group of words ends: behind a particle, before what begins another group. Few, and only what is seldom
# part of a longer word: where they are wrong, a word is torn.
_ENDS_GROUP = frozenset("了吗呢吧啊们是")
_TORN = frozenset(("了解", "了然", "是否", "是不", "是的", "们的", "了吗", "了吧", "了呢"))
_BEGINS_GROUP = frozenset("但并也都已将把被从这那您我")
_BELONGS = frozenset("帮为给请祝让跟对替向把被由叫使问谢和与或在到从不很")
"""Behind these it belongs to them: 帮您, 也都."""


class Context:
    """What was spoken so far, as far as it decides about the next place. One reply."""

    def __init__(self) -> None:
        self._last = ""
        """The last character that is spoken."""
        self._glyph = ""
        """The last of them that is no blank, and the one before it."""
        self._glyph_before = ""
        self._word = ""
        """The letters, digits and signs of ASCII without a blank, up to here."""
        self._closers = ""
        self._quoted = 0
        self._inside = NONE
        """How well something ended inside what was closed just now."""
        self._pending = NONE
        self._glued = False
        """The last atom is one of several characters: what follows may belong to it (一百三十八|元)."""

    @property
    def closed(self) -> bool:
        """Whether what was spoken so far may be the end of a word, whatever follows."""
        return (
            not self._closers
            and not (self._last.isascii() and not self._last.isspace() and bool(self._last))
            and not self._glued
        )

    def before(self, atom: Atom) -> int:
        """How good the place is between what was spoken so far and `atom`, now that `atom` is known."""
        last, following = self._last, atom.text[0]
        if not last or self._closers:
            return NONE
        if last in _WAIT:
            return self._signed(last, following)
        if last in _DIGIT_SIGNS and self._glyph_before.isdigit() and self._glyph_before.isascii():
            return NONE if following.isdigit() or self._in_address() else self._mark(last)
        if last.isspace():
            if following.isspace() or self._glyph.isdigit() or following.isdigit():
                return NONE
            return WORD
        if following.isspace() or following in _CLOSERS or _is_mark(following) or _is_mark(last):
            return NONE
        if last.isascii() and following.isascii():
            return NONE  # within a word or an address
        if last.isdigit() or following.isdigit() or self._glued:
            return NONE
        if last in _CLOSERS or following in _CLOSING or last.isascii() or following.isascii():
            return WORD
        if not _is_han(last) or not _is_han(following):
            return NONE
        if last + following in _TORN:
            return NONE
        if last in _ENDS_GROUP or (following in _BEGINS_GROUP and last not in _BELONGS and last not in _BEGINS_GROUP):
            return PHRASE
        return ANY

    def after(self, atom: Atom) -> int:
        """Take `atom`. How good the place behind it is, if that is sure whatever follows."""
        for character in atom.text:
            self._take(character)
        self._glued = len(atom.text) > 1 and not atom.fixed
        last = self._last
        if self._closers:
            return NONE
        if last in _CLOSERS:
            return self._inside
        if last in _WAIT or self._in_address():
            return NONE
        if last in _DIGIT_SIGNS and self._glyph_before.isdigit() and self._glyph_before.isascii():
            return NONE
        return self._mark(last)

    def _mark(self, last: str) -> int:
        if last in _SENTENCE_ENDS:
            return SENTENCE
        return CLAUSE if last in _CLAUSE_ENDS else NONE

    def _signed(self, last: str, following: str) -> int:
        """After a sign that may go on."""
        if following == last or following in _CLOSERS:
            return NONE
        if last in "…—":
            return CLAUSE
        if not (following.isspace() or _is_han(following)) or self._in_address():
            return NONE
        if last == ":":
            return NONE if self._glyph_before.isdigit() and following.isdigit() else CLAUSE
        word = self._word.rstrip(".").lower()
        if word in _NO_SENTENCE or (len(word) == 1 and word.isalpha()):
            return NONE
        return SENTENCE

    def _in_address(self) -> bool:
        return len(self._word) <= LONGEST_WORD and (
            "://" in self._word or "@" in self._word or self._word.startswith("www.")
        )

    def _take(self, character: str) -> None:
        self._last = character
        if character.isspace():
            self._word = ""
            return
        self._glyph_before, self._glyph = self._glyph, character
        if character.isascii():
            self._word = (self._word + character)[-LONGEST_WORD - 1 :]
        else:
            self._word = ""
        if self._closers:
            self._quoted += 1
            if character == self._closers[-1]:
                self._closers = self._closers[:-1]
                self._inside = self._mark(self._glyph_before)
            elif self._quoted > LONGEST_QUOTED:
                self._closers = ""
            elif character in _CLOSING and len(self._closers) < DEEPEST:
                self._closers += _CLOSING[character]
        elif character in _CLOSING or character == '"':
            self._closers = _CLOSING.get(character, '"')
            self._quoted = 0


def _is_mark(character: str) -> bool:
    return character in _SENTENCE_ENDS or character in _CLAUSE_ENDS or character in _WAIT


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"
