"""Where a run ends: a stretch of a text that is read as one, such as 138 1234 5678, $1,234.50, 10:30 p.m. or a link. [pure]

A run holds no Chinese. It begins with a figure, a Latin letter or a sign, and goes on over a point, a comma, a blank or the like only where
what follows shows that it belongs to it. So whether a run has ended is known a few characters later at most, and nothing of it is
looked at twice.
"""

from __future__ import annotations

from .alphabet import (
    ABBREVIATED,
    CODES,
    CORE,
    CURRENCY,
    DAY_HALVES,
    DAYS,
    DIGITS,
    IN_LINK,
    JOINERS,
    LETTERS,
    MONTHS,
    OPERATORS,
    SCALES,
    SIDES,
    SIGNS,
    SUFFIXES,
    SUMS,
    UNITS,
    of_a_calendar,
    word_before,
)

LONGEST = 64
"""Characters. A longer run is cut there, and what follows is a run of its own."""


class Run:
    """One run. Ask `end` with the text from its first character on, as it grows."""

    __slots__ = ("_at", "_month", "_open", "_ordinal", "_street", "is_link")

    def __init__(self) -> None:
        self._at = 0
        self._open = False
        self._month = False
        self._ordinal = False
        self._street = 0
        self.is_link = False

    def end(self, text: str, final: bool) -> int | None:
        """Where it ends, 0 if none begins here; None if that is not known before more of the text is.

        Args:
            text: from the run's first character on, at least one.
            final: no more will come.
        """
        size, at = len(text), self._at
        while at < LONGEST:
            if at >= size:
                break
            if text[at] in CORE:
                at += 1
                continue
            if at and text[at - 1] in LETTERS:
                self._note(text, at)
            if size - at < 5 and not final and self._needs(text, at) > size:
                self._at = at
                return None
            more = self._joins(text, at)
            if not more:
                return at
            at += more
        self._at = at
        if at >= LONGEST:
            return LONGEST
        return at if final else None

    def _needs(self, text: str, at: int) -> int:
        """How much of the text must be known to decide on the character at `at`."""
        character = text[at]
        if character not in JOINERS and not (self.is_link and character in IN_LINK) and character != "?":
            return at
        if character == " ":
            if at and text[at - 1] in LETTERS and not self._special(text, at):
                return at + 1
            ahead = text[at + 1 : at + 2]
            if not ahead:
                return at + 2
            return at + (4 if ahead in OPERATORS or ahead in LETTERS else 2)
        if character == "." and at and text[at - 1] in LETTERS:
            word, apart = word_before(text, at), text[at + 1 : at + 2] == " "
            return at + (4 if apart and word.isupper() else 3 if apart and (word in DAYS or word in UNITS) else 2)
        if character == "," and at and (text[at - 1] in DIGITS or self._month):
            return at + (3 if self._month else 2)
        return at + 3 if character == ")" and self._open else at + 2

    def _joins(self, text: str, at: int) -> int:
        """How many characters from `at` on, none of which is of the core, are still of it."""
        character = text[at]
        before = text[at - 1] if at else ""
        after = text[at + 1] if at + 1 < len(text) else ""
        if self.is_link and character in IN_LINK:
            return int(after in CORE or after == "/")
        if character == ".":
            return self._point(text, at, before, after)
        if character == " ":
            return self._blank(text, at, before, after)
        if character == ",":
            if after in DIGITS and (before in DIGITS or (self._month and before in LETTERS)):
                return 1
            return 2 if after == " " and self._month and text[at + 2 : at + 3] in DIGITS and after else 0
        if character == "?" and after in CORE and after and "/" in text[:at] and "." in text[:at]:
            self.is_link = True  # a.com/b?c=1
            return 1
        if character == ":":
            if after == "/" and word_before(text, at).lower() in ("http", "https", "ftp", "file"):
                self.is_link = True
                return 1
            return int(before in DIGITS and after in DIGITS)
        if character in "'’":
            feet = before in DIGITS and after in DIGITS and bool(before and after)  # 6'2"
            return int(feet or (after in LETTERS and (before in LETTERS or before in DIGITS)))
        if character == "(":
            self._open = after in DIGITS or (bool(before) and after in LETTERS and before in CORE)
            return int(self._open and (not before or before in CORE or before == ")"))
        if character == ")":
            return self._closes(text, at, after)
        if character in "–—":
            of_days = after in LETTERS and before and of_a_calendar(word_before(text, at - (before == ".")))
            return int(bool(of_days) or (after in DIGITS | CURRENCY and (not at or before in CORE)))
        return int(character == "·" and before in CORE and after in CORE)

    def _point(self, text: str, at: int, before: str, after: str) -> int:
        if not after or (after not in CORE and after != "–"):
            return self._abbreviates(text, at, after)
        if before in DIGITS:
            return int(after in DIGITS or after in LETTERS)
        if before in LETTERS:
            word = word_before(text, at)
            if after in "-–" and of_a_calendar(word):
                return 1
            if word.lower() == "www":
                self.is_link = True
            new_sentence = before.islower() and after.isupper()
            return int((after in LETTERS and not new_sentence) or after in DIGITS)
        return int(after in DIGITS and (before in CURRENCY | SIGNS or at == 0))

    def _abbreviates(self, text: str, at: int, after: str) -> int:
        """A point with no word behind it at once: p.m. and SEPT. 15 and C. S. Lewis keep it."""
        word = word_before(text, at)
        if not word:
            return 0
        if len(word) == 1:
            if text[at - 2 : at - 1] == ".":
                return 1
            initials = (
                after == " " and word.isupper() and text[at + 2 : at + 3].isupper() and text[at + 3 : at + 4] == "."
            )
            return 2 if initials and at == 1 else 0
        if word in DAYS or (word in UNITS and text[0] in DIGITS):
            return int(after == "," or text[at + 2 : at + 3].islower() or text[at + 2 : at + 3] in DIGITS)
        return int(word.lower() in ABBREVIATED or (word.lower() in MONTHS and word.lower() != "may"))

    def _closes(self, text: str, at: int, after: str) -> int:
        if not self._open:
            return 0
        self._open = False
        if not text.startswith("(") or after in DIGITS or after == "-":
            return 1
        return int(after == " " and text[at + 2 : at + 3] in DIGITS and at + 2 < len(text))

    def _note(self, text: str, at: int) -> None:
        """Remember of the word that ends at `at` what matters for what follows it."""
        low = word_before(text, at).lower()
        self._month = self._month or low in MONTHS
        self._ordinal = self._ordinal or (low in SUFFIXES and text[at - 3 : at - 2] in DIGITS and at > 2)

    def _special(self, text: str, at: int) -> bool:
        """Whether the word that ends at `at` may go on behind a blank."""
        word = word_before(text, at)
        low = word.lower()
        known = (
            low in MONTHS or low in CODES or low in DAY_HALVES or ((low in SCALES or low == "sq") and text[0] in DIGITS)
        )
        return known or self._ordinal or len(word) == 1 or 0 < self._street < 4

    def _blank(self, text: str, at: int, before: str, after: str) -> int:
        if not at or not after:
            return 0
        if before in DIGITS or before in ")%":
            return self._after_number(text, at, before, after)
        if before in CURRENCY:
            return int(after in DIGITS)
        if before in OPERATORS:
            return int(after in SUMS and (at > 1 or before not in "-–—*~"))
        if before in LETTERS:
            return self._after_word(text, at, after)
        if before == ".":
            whole = word_before(text, at - 1)
            word = whole.lower()
            return int(
                (after in DIGITS and (word in MONTHS or whole in DAYS or word in ("no", "ext", "tel", "vol", "fig")))
                or (after in LETTERS and text[0] in DIGITS and _ends_day_half(text, at))
            )
        return 0

    def _after_number(self, text: str, at: int, before: str, after: str) -> int:
        if after in DIGITS or after in "°℃℉%‰€²³μ":
            return 1
        if after in LETTERS:
            if before == ")" or before == "%":
                return 0
            # 123 Laguna Ct: names follow a number, the last of them a street's.
            self._street = int(after.isupper() and text[:at].isdecimal() and at <= 5)
            return 1
        if after in OPERATORS:
            beyond = text[at + 2 : at + 3]
            if beyond == " ":
                return int(text[at + 3 : at + 4] in SUMS and at + 3 < len(text))
            return int(beyond in SUMS and bool(beyond))
        return 0

    def _after_word(self, text: str, at: int, after: str) -> int:
        word = word_before(text, at)
        low = word.lower()
        if low in MONTHS:
            return int(after in DIGITS)
        if after in DIGITS or after in CURRENCY:
            of_a_plate = len(word) == at == 1 and word.isupper()
            across = low == "x" and at > 2 and text[at - 2] == " " and text[at - 3] in DIGITS
            return int(of_a_plate or across or low in CODES or (self._street > 0 and low in SIDES))
        if after not in LETTERS:
            return 0
        if (low in DAY_HALVES or low in SCALES or low == "sq") and text[0] in DIGITS:
            return 1
        if self._ordinal and (low in SUFFIXES or low in ("of", "the")):
            return 1
        if (len(word) == 1 and at == 1) or (len(word) == 1 and text[at - 2] == " " and self._street == 0):
            beyond = text[at + 2 : at + 3]
            return int(text[:at].replace(" ", "").isalpha() and (not beyond or beyond not in CORE))
        if 0 < self._street < 4 and (after.isupper() or low in SIDES or after.islower()):
            self._street += 1
            return 1
        return 0


def _ends_day_half(text: str, at: int) -> bool:
    return text[max(0, at - 4) : at].lower() in ("a.m.", "p.m.")
