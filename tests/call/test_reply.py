"""A reply: what the model writes reaches the synthesiser as words, in pieces, and at once where nothing else is heard."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from firstword.call.record import TurnRecord
from firstword.call.reply import LOOK_S, STALLED_S, Reply
from firstword.speech.llm import Completion, Message, Tool, ToolCall
from firstword.speech.tts import Mark, SynthesisListener
from firstword.text.lexicon import SYLLABLES
from firstword.text.reading import Reading


class Line:
    """Of which `heard` milliseconds were heard."""

    rate = 8000

    def __init__(self) -> None:
        self.heard, self.ended = 0.0, 0

    def heard_ms(self, reply: int) -> float:
        return self.heard

    def write(self, reply: int, pcm: bytes) -> bool:
        return True

    def end(self, reply: int) -> None:
        self.ended += 1


class Voice:
    """Writes down what it is told: texts, and what was asked of it."""

    name, rate, reads = "voice", 8000, frozenset[str]()

    def __init__(self) -> None:
        self.told: list[str] = []
        self.listener: SynthesisListener

    def start(self, label: str, listener: SynthesisListener) -> Voice:
        self.listener = listener
        return self

    def speak(self, label: str, text: str, listener: SynthesisListener) -> Voice:
        self.told.append(text)
        return self.start(label, listener)

    def say(self, text: str) -> None:
        self.told.append(text)

    def flush(self) -> None:
        self.told.append("<flush>")

    def finish(self) -> None:
        self.told.append("<finish>")

    def cancel(self) -> None: ...


class Model:
    def start(self, label: str, messages: Sequence[Message], listener: Any, tools: Sequence[Tool] = ()) -> Any:
        self.listener = listener
        return SimpleNamespace(cancel=lambda: None)


class Stage:
    """A reply, and what is around it."""

    def __init__(self, most_chars: int = 4000, reads: frozenset[str] = frozenset(), **reading: object) -> None:
        self.now = 100.0
        self.line, self.voice, self.model = Line(), Voice(), Model()
        self.voice.reads = reads  # type: ignore[misc]
        self.record = TurnRecord(0.0, "")
        clock = SimpleNamespace(now=lambda: self.now)
        parts: Any = (self.line, self.voice, clock, self.record, most_chars, Reading(**reading))  # type: ignore[arg-type]
        self.reply = Reply(7, "call-7", *parts)

    def think(self, *tokens: str) -> Stage:
        self.reply.think(self.model, [], (), lambda number, calls: None)  # type: ignore[arg-type]
        return self.write(*tokens)

    def write(self, *tokens: str) -> Stage:
        for token in tokens:
            self.model.listener.token(token)
        return self

    def end(self, *calls: ToolCall) -> Stage:
        self.model.listener.finished(Completion("stop", calls=calls))
        return self


def test_the_first_piece_goes_with_its_comma_and_the_others_whole_and_while_little_is_to_be_heard_at_once() -> None:
    stage = Stage().think("好", "的", "，", "您的")
    assert stage.voice.told == ["好的，", "<flush>"]
    stage.write("**快递**", "到了", "，请", "查收[1]。").end()
    assert stage.voice.told[2:] == ["您的快递到了，", "<flush>", "请查收。", "<finish>"]
    assert stage.reply.text == "好的，您的**快递**到了，请查收[1]。"


def test_a_model_that_pauses_is_heard_as_far_as_it_came_after_a_bound() -> None:
    stage = Stage().think("您的余额")
    assert stage.voice.told == []
    assert stage.reply.look(stage.now) == pytest.approx(LOOK_S)
    assert stage.reply.look(stage.now + STALLED_S - 0.1) == pytest.approx(0.1)
    stage.reply.look(stage.now + STALLED_S)
    assert stage.voice.told == ["您的余额", "<flush>"]
    stage.reply.look(stage.now + 10)
    stage.write("是五元。").end()
    assert stage.voice.told[2:] == ["是五元。", "<finish>"]


def test_a_model_that_pauses_while_enough_is_to_be_heard_is_waited_for() -> None:
    stage = Stage().think("好的，", "一二三四五六七八九十，" * 2, "您的余额")
    before = list(stage.voice.told)
    stage.reply.look(stage.now + 1)
    assert stage.voice.told == before
    stage.line.heard = 4000.0
    stage.reply.look(stage.now + 2)
    assert stage.voice.told[len(before) :] == ["一二三四五六七八九十，您的余额", "<flush>"]


def test_after_a_tool_the_first_piece_is_short_again() -> None:
    stage = Stage().think("我查一下").end(ToolCall("c", "order", ""))
    assert stage.voice.told == ["我查一下", "<flush>"]
    stage.reply.go_on(stage.model, [], ())  # type: ignore[arg-type]
    stage.write("查到了，", "您的快递到了。").end()
    assert stage.voice.told[2:] == ["查到了，", "<flush>", "您的快递到了。", "<finish>"]


def test_what_holds_nothing_to_say_is_not_spoken_and_the_line_ends() -> None:
    stage = Stage().think("👍").end()
    assert (stage.voice.told, stage.line.ended, stage.reply.text) == ([], 1, "👍")


def test_the_longest_reply_is_counted_in_what_the_model_wrote() -> None:
    stage = Stage(most_chars=6).think("**一二**三四五六")
    assert stage.reply.text == "**一二**"
    assert stage.voice.told == ["一二", "<finish>"]


def test_a_phrase_and_a_filler_are_read_too() -> None:
    stage = Stage(lexicon=("重庆=chong2 qing4/虫庆",))
    stage.reply.say("**重庆**：138 元")
    stage.reply.fill("请稍等😀")
    assert stage.voice.told == ["虫庆：一百三十八 元", "请稍等"]
    assert stage.reply.text == "**重庆**：138 元"


def test_a_service_that_takes_syllables_is_given_the_word_itself() -> None:
    stage = Stage(reads=frozenset((SYLLABLES,)), lexicon=("重庆=chong2 qing4/虫庆",)).think("去重庆。").end()
    assert stage.voice.told == ["去重庆。", "<flush>", "<finish>"]


def test_a_profile_that_switches_reading_off_has_every_character_spoken() -> None:
    stage = Stage(reading=False).think("**138**😀，", "好  ").end()
    assert stage.voice.told == ["**138**😀，", "<flush>", "好  ", "<finish>"]


def test_what_was_heard_is_told_in_the_words_of_the_model() -> None:
    stage = Stage().think("余额**138**元。").end()
    assert stage.voice.told[0] == "余额一百三十八元。"
    stage.line.heard = 450.0
    for number in range(1, 10):
        stage.voice.listener.mark(Mark(number, number * 100.0))
    assert stage.reply.heard() == "余额**"  # of 一百三十八 two were heard: it is left out
    stage.line.heard = 700.0
    assert stage.reply.heard() == "余额**138**"
