"""Whether a caller says goodbye. [pure]"""

from __future__ import annotations

from collections.abc import Iterable

_AFTER = " 。！？!?.,，~～ 了啦吧哈喽"
"""What may follow a farewell."""


def is_farewell(text: str, words: Iterable[str]) -> bool:
    """Whether `text` ends in one of `words`, a farewell: 那就谢谢，再见了。 does, 再见面的时候要带什么？ and "standby" do not."""
    bare = text.lower().rstrip(_AFTER)
    for word in words:
        before = bare.removesuffix(word.lower())
        if before != bare and not (word[0].isascii() and before[-1:].isascii() and before[-1:].isalnum()):
            return True
    return False
