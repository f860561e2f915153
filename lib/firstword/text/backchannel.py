"""A listener's 嗯: said to show that one listens, not to take the floor. [pure]"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .phrases import Phrases, listed

DEFAULT_BACKCHANNELS = listed("""
    嗯 | 嗯哼 | 唔 | 哼 | 哦 | 噢 | 喔 | 哎 | 诶 | 对 | 对的 | 对啊 | 对呀 | 是 | 是的 | 是啊 | 是呀 | 没错 | 好 |
    好的 | 好啊 | 好呀 | 好嘞 | 行 | 行的 | ok的 | 明白 | 明白了 | 了解 | 知道了 | 这样啊 | 这样子啊 | 原来如此 |
    哈 | mm | mhm | mm-hmm | mhmm | hm | hmm | uh-huh | uhhuh | aha | ah | oh | yeah | yes | yep | yup | ok | okay |
    right | sure | alright | all right | i see | got it
""")
"""What is left out on purpose takes the floor: 不, 停, 等一下, 好了, 行了, 可以了, 啊, no, um, uh, wait."""

LONGEST = 24
"""Characters of what may become one. What is longer is looked at as a whole."""


def is_backchannel(text: str, words: Sequence[str] = DEFAULT_BACKCHANNELS) -> bool:
    """Whether `text` is made of `words` and nothing else: 嗯。 对对对 哦好的 "yeah, right". A question (嗯？) is none.

    Whether the bot has just asked, so that 好的 is an answer, the caller of this decides: see `question.asks`.
    """
    return "?" not in text and "？" not in text and _phrases(tuple(words)).make_up(text)


def may_become_backchannel(text: str, words: Sequence[str] = DEFAULT_BACKCHANNELS) -> bool:
    """Whether `text` is one, or several, or may become one: its end may be the beginning of such a word."""
    if is_backchannel(text, words):
        return True
    bare = text.strip().lower()
    if len(bare) > LONGEST:
        return False
    ends = [at for at in range(len(bare)) if not at or is_backchannel(bare[:at], words)]
    return any(word.lower().startswith(bare[at:].strip(" ,，。.")) for at in ends for word in words)


@lru_cache(maxsize=32)
def _phrases(words: tuple[str, ...]) -> Phrases:
    """Made once for a profile's words."""
    return Phrases(words)
