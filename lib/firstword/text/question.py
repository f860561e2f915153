"""What the bot has asked, by what it said last. [pure]"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .dictation import Number, number_in
from .transcript import fold

LOOK_BACK = 160
"""Characters of what the bot said last: a question is its end, and the cost is bounded."""

_SENTENCE = re.compile(r"(?:[^。!?;\n.]|\.(?=\S))+[。!?;\n.\"'”’]*\s*")
_COURTESY = re.compile(r"\W*(?:好的?|谢谢.{0,4}|多谢|感谢.{0,6}|辛苦.{0,3}|thanks?(?: you)?(?: very much)?|please)\W*")
_YES_NO = re.compile(
    r"吗$|(?<![什怎那这多])么$|[对是有]吧$|是.{1,12}吧$|了没有?$"
    r"|是不是|要不要|能不能|会不会|有没有|可不可以|好不好|行不行|对不对|需不需要|方不方便|愿不愿意|想不想|是否"
)
_VERIFIES = re.compile(r"对吗|是吗|对吧|是吧|对不对|是不是|正确吗|没错吧|是.{1,12}吧$|(?<![还可但])是.{2,}吗$")
_INVITES = re.compile(r"什么|哪|其他|其它|别的|问题吗|\b(?:anything|something|questions?)\b")
_OPEN = re.compile(r"什么|怎么|哪|谁|几[个位张点号天次件人月年岁]|多少|多久|多大|多长|为何|如何|贵姓")
_PROMPT = re.compile(
    r"请(?:您|你)?(?:先|再|直接)?(?:问|说|讲|输入|报|提供|告诉|告知|选择|念|描述|回答|留下)|麻烦.{0,3}(?:说|报|提供)|还是.+"
)
_AUXILIARY = r"do|does|did|don't|doesn't|didn't|is|isn't|are|aren't|was|were|can|could|can't|would|will|won't|shall|should|may|have|has|had"
_YES_NO_EN = re.compile(rf"^(?:\W|(?:ok|okay|so|and|well|sorry|hello|hi|alright|great)\b)*(?:{_AUXILIARY})\b")
_VERIFIES_EN = re.compile(
    r"(?:\b(?:right|correct)|is that (?:right|correct|ok|okay)|isn't it|aren't you|don't you)\W*$"
)
_OPEN_EN = re.compile(r"\b(?:what|what's|when|where|who|which|how|why)\b")
_PROMPT_EN = re.compile(
    r"\b(?:please|could you|can you)\b.*\b(?:tell|say|give|enter|provide|spell|share|read)\b"
    r"|^\W*(?:tell|say|give|enter|provide|spell)\b|\bmay i have\b"
)
_GIVES = re.compile(r"说(?!的)|报|提供|告诉|告知|输入|留|念|\b(?:tell|say|give|provide|enter|share|read|spell|have)\b")
_QUANTITY = re.compile(
    r"几(?!位[数密验])|多少|金额|数量|多大|几岁|年龄|多久|价格|how (?:many|much|long|old)|number of|what (?:time|amount|year)"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller is expected to say."""

    sentence: str = ""
    """The question itself, folded, without its question mark; empty if nothing was asked."""
    yes_no: bool = False
    verifies: bool = False
    """It says something and asks whether that is right: a "no" will be followed by what is."""
    invites: bool = False
    """A "yes" will be followed by what: 还有别的问题吗?"""
    quantity: bool = False
    number: Number | None = None
    """The number that it speaks of."""
    dictate: bool = False
    """The answer is to be that number."""


NOTHING = Asked()
_AROUND = " 。!?;\n,.\"'“”‘’"


def asks(text: str) -> bool:
    """Whether what the bot said ends in a question, or asks for an answer (请说…, 请输入…). A "thank you" after it does not count."""
    sentences = _sentences(text)
    return bool(sentences) and _is_question(sentences[0])


def asked(text: str) -> Asked:
    """What the bot asked in the last two sentences of `text`; where it asked nothing, the number that it spoke of last."""
    sentences = _sentences(text)[:2]
    for sentence in sentences:
        if _is_question(sentence):
            return _asked(sentence)
    return Asked(number=number_in(sentences[0])) if sentences else NOTHING


def _asked(sentence: str) -> Asked:
    core = sentence.strip(_AROUND)
    verifies = bool((_VERIFIES_EN if core.isascii() else _VERIFIES).search(core))
    yes_no = verifies or bool((_YES_NO_EN if core.isascii() else _YES_NO).search(core))
    number = number_in(core)
    return Asked(
        core,
        yes_no,
        verifies,
        invites=yes_no and bool(_INVITES.search(core)),
        quantity=bool(_QUANTITY.search(core)),
        number=number,
        dictate=number is not None and (not yes_no or bool(_GIVES.search(core))),
    )


def _sentences(text: str) -> list[str]:
    """The last sentences, the last first, without the courtesies at the end."""
    sentences = _SENTENCE.findall(fold(text[-LOOK_BACK:]))[::-1]
    while len(sentences) > 1 and _COURTESY.fullmatch(sentences[0]):
        del sentences[0]
    return sentences


def _is_question(sentence: str) -> bool:
    core = sentence.strip(_AROUND)
    after = sentence[sentence.rfind(core[-1:]) + 1 :]
    if "?" in after:
        return True
    if core.isascii():
        unmarked = not after.strip() and bool(_YES_NO_EN.search(core) or _OPEN_EN.match(core))
        return unmarked or bool(_PROMPT_EN.search(core) or _VERIFIES_EN.search(core))
    if _YES_NO.search(core) or _PROMPT.search(core) or core.endswith("呢"):
        return True
    return not after.strip() and bool(_OPEN.search(core))
