"""How much of a text that is being written may be spoken now. [pure]

A model writes tokens, and in the mode ``commit`` the service speaks exactly what it is given, as one utterance with the tone of one. So
what it is given are whole clauses. A mark that people also write inside numbers and names (``3.14``, ``1,000``, ``12:30``) ends a clause
only if the next character shows it.
"""

from __future__ import annotations

MARKS = "。！？；：，…\n"
INNER_MARKS = ".,:;!?"
CLOSERS = "”’」』）》】)]}\"'"
"""What closes a quotation or a bracket right after a mark belongs to the clause, if it is there already."""
LONG_CHARS = 100
"""So much without a mark is spoken without one: the service, and the caller, would wait too long."""
SOFT_MARKS = "、 "


def speakable(text: str) -> bool:
    """Whether there is anything in it to be said: a letter, a digit, a character."""
    return any(char.isalnum() for char in text)


def whole(text: str) -> int:
    """How many characters of `text` are whole clauses, all that there are; 0 if none is."""
    end = _clauses(text)
    if not end and len(text) >= LONG_CHARS:
        cuts = (text.rfind(mark) + 1 for mark in SOFT_MARKS)
        end = next((cut for cut in cuts if cut > LONG_CHARS // 2), len(text))
    return end if speakable(text[:end]) else 0


def _clauses(text: str) -> int:
    for at in range(len(text) - 1, -1, -1):
        if _ends(text, at):
            end = at + 1
            while end < len(text) and text[end] in MARKS + INNER_MARKS + CLOSERS:
                end += 1
            return end
    return 0


def _ends(text: str, at: int) -> bool:
    if text[at] in MARKS:
        return True
    following = text[at + 1 : at + 2]
    if text[at] in INNER_MARKS and following:
        return following.isspace() or following in CLOSERS or ord(following) >= 0x2E80
    return False
