"""Whether a caller who pauses has finished, by what was said so far. [pure]

A pause is as long in the middle of a sentence as at its end; the words often tell which it is. `Ending.FINISHED` is said only where
little could follow, for it makes the bot answer sooner, and a caller who is cut off minds more than one who waits. In doubt it is
`Ending.OPEN`, and the silence alone decides.
"""

from __future__ import annotations

import re

from . import chinese, english
from .answer import as_answer
from .dictation import Dictated, Kind, Number, Progress, dictated, number_in
from .question import Asked, asked
from .said import Ending, Mark, Said, take_apart

__all__ = ["Ending", "ending"]

_INTRODUCES = re.compile(
    r"(?:嗯|呃|不对|不是|错了|那个|就|喂|你好|您好|那|好的?|是|为|我们?的?|她的|他的|手机|电话|联系|身份证|订单|快递|物流|银行|工|保|运|单|卡|账|编?号码?|验证码|尾号|密码|后.位"
    r"|[, ]|it's|it is|my|the|phone|mobile|cell|order|tracking|account|card|id|code|number|is|um|uh|yes|yeah|ok|okay)*"
)
"""What may stand before a number that somebody dictates."""
_LETTERS = re.compile(
    r"(?:订单号?|[单编型卡]号|车牌号?|验证码)(?:就?是|为)? ?[a-z](?:[ -]?[a-z]){0,3}$"
    r"|\b(?:(?:order|tracking|plate|serial|reference)(?: number)?|code)(?: is)?(?: [a-z]){1,4}$"
)
"""What a number with letters in it begins with."""
_NOT_THIS = re.compile(r"(?:[从把将给打拨]|不是|不对|不要|不|not)$")
_PLURAL = re.compile(r"姓名|名字|地址|name|address")
_ROUND = re.compile(r"[0-9]{1,2}|[1-9][0-9]{0,3}00|(?:19|20)[0-9]{2}|[1-9]0+")
"""Figures that may be an amount or a year."""


def ending(text: str, question: str = "") -> Ending:
    """How `text` ends: the recogniser's finals joined with its latest partial result.

    Args:
        text: with or without punctuation, digits in figures or in words.
        question: what the bot said last, as far as the caller heard it: a "yes" or a number may be the whole of an answer.
    """
    said = take_apart(text)
    if said is None:
        return Ending.OPEN
    expected = asked(question)
    for judge in (as_answer, _number, _words):
        verdict = judge(said, expected)
        if verdict is not None:
            return verdict
    return Ending.OPEN


def _number(said: Said, expected: Asked) -> Ending | None:
    """A number under way, or complete."""
    if _LETTERS.search(said.body):
        return Ending.DICTATING
    run = dictated(said.body)
    if run is None:
        return None
    named = number_in(run.before[-16:])
    if not _is_dictation(run, named, expected):
        return None
    progress = _meant(named, expected.number).progress(run.digits)
    if progress is Progress.MISSING:
        return Ending.DICTATING
    complete = progress is Progress.WHOLE and not run.hesitant and said.mark is not Mark.PAUSE
    if not complete or _NOT_THIS.search(run.before) or _PLURAL.search(expected.sentence):
        return Ending.OPEN
    return Ending.FINISHED if expected.dictate or _INTRODUCES.fullmatch(run.before) else Ending.OPEN


def _meant(named: Number | None, wanted: Number | None) -> Number:
    """The number that the caller names counts before the one that was asked for, except where only the question tells its length."""
    if wanted is None or named is None:
        return named or wanted or Number()
    vague = named.kind is Kind.ANY or (wanted.kind is Kind.COUNTED and named.kind in (Kind.CODE, Kind.OTHER))
    return wanted if vague else named


def _is_dictation(run: Dictated, named: Number | None, expected: Asked) -> bool:
    """Whether digits at the end are a number that is being read out, and not an amount, a year, a choice from a menu."""
    if expected.dictate or (named and _INTRODUCES.fullmatch(run.before[-12:])):
        return True
    if expected.quantity and not run.spelled:
        return False
    if run.spelled or not run.before:
        return len(run.digits) >= (3 if run.before else 2)
    return len(run.digits) >= 3 and not _ROUND.fullmatch(run.digits)


def _words(said: Said, expected: Asked) -> Ending | None:
    """By the recogniser's mark and the last words."""
    language = english if said.english else chinese
    if said.mark is Mark.PAUSE:
        return Ending.UNFINISHED
    if language.goes_on(said):
        return Ending.OPEN if said.mark is Mark.QUESTION else Ending.UNFINISHED
    return Ending.FINISHED if language.is_whole(said) else None
