"""From CosyVoice's sentences and words to places in the text: the cases, and what no answer of the service may break."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.providers.dashscope import cosyvoice_results as results
from firstword.providers.dashscope.cosyvoice_marks import Marks
from firstword.providers.dashscope.cosyvoice_results import Word
from firstword.speech.tts import Mark


def began(text: str) -> Marks:
    marks = Marks()
    marks.task_began(0.0)
    marks.say(text)
    marks.sentence_began(0.0)
    return marks


def test_sentences_follow_each_other() -> None:
    marks = began("您好，您好，再见。")
    assert marks.sentence_ended("您好，", (), 100.0) == [Mark(3, 100.0)]
    assert marks.sentence_ended("您好，", (), 200.0) == [Mark(6, 200.0)]
    assert marks.sentence_ended("再见。", (), 300.0) == [Mark(9, 300.0)]
    assert marks.finished((), 300.0) == []


SAME = {
    "exactly": ("您好，再见", "您好，", 3),
    "after a space": (" 您好，再见", "您好，", 4),
    "without Markdown": ("**您好**，再见", "您好，", 4),
    "without a face": ("您😀好，再见", "您好，", 3),
    "spaces joined": ("a  b, c", "a b,", 4),
    "another text": ("您好，再见", "谢谢，", 0),
    "nothing": ("您好，再见", "", 0),
    "only a mark": ("您好，再见", "。", 0),
    "a part that comes later": ("您好，再见", "再见", 0),
    "more than was said": ("您好", "您好，再见", 0),
}


@pytest.mark.parametrize("how", SAME)
def test_a_sentence_is_found_by_its_letters_and_a_strange_one_is_no_mark(how: str) -> None:
    said, sentence, chars = SAME[how]
    told = began(said).sentence_ended(sentence, (), 100.0)
    assert [mark.chars for mark in told] == ([chars] if chars else [])


def test_what_no_sentence_named_is_spoken_by_the_tasks_end_but_where_is_not_known() -> None:
    marks = began("您好，再见。")
    assert marks.sentence_ended("您好，", (), 100.0) == [Mark(3, 100.0)]
    assert marks.sentence_ended("", (), 300.0) == []
    assert marks.finished((), 300.0) == [Mark(6, 300.0, exact=False)]


def test_spaces_that_are_left_at_the_end_were_over_with_the_last_sentence() -> None:
    marks = began("您好。 \n")
    marks.sentence_ended("您好。", (), 100.0)
    assert marks.finished((), 100.0) == [Mark(5, 100.0)]


@pytest.mark.parametrize("base", [0, 1000], ids=["from the sentence", "from the task"])
def test_a_later_sentences_words_count_from_wherever_the_service_counts(base: int) -> None:
    marks = began("您好，再见。")
    marks.sentence_ended("您好，", (Word("您", 0, 400), Word("好", 400, 900)), 1000.0)
    marks.sentence_began(1000.0)
    words = (Word("再", base + 10, base + 300), Word("见", base + 300, base + 700))
    assert marks.sentence_ended("再见。", words, 1800.0) == [Mark(4, 1300.0), Mark(5, 1700.0), Mark(6, 1800.0)]


def test_words_of_the_older_pages_come_with_the_tasks_end() -> None:
    marks = began("您好")
    assert marks.sentence_ended("", (), 500.0) == []
    assert marks.finished((Word("您", 0, 200), Word("好", 200, 450)), 500.0) == [Mark(1, 200.0), Mark(2, 450.0)]


def test_a_word_that_is_not_near_is_passed_over() -> None:
    marks = began("一二三四五六七八九十一二三四五六七八九")
    told = marks.sentence_ended(
        "一二三四五六七八九十一二三四五六七八九", (Word("九", 0, 50), Word("尾", 50, 90)), 1000.0
    )
    assert [mark.chars for mark in told] == [9, 19]


words_of = st.lists(
    st.builds(
        lambda text, begin, long: Word(text, begin, begin + long),
        st.text("您好再见，。 ", min_size=1, max_size=3),
        st.floats(0, 5000),
        st.floats(0, 500),
    ),
    max_size=5,
).map(tuple)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.text("您好再见，。 *", min_size=1, max_size=8)),
        st.tuples(st.just("began"), st.integers(0, 500)),
        st.tuples(st.just("end"), st.tuples(st.text("您好再见，。 ", max_size=6), words_of)),
        st.tuples(st.just("task"), words_of),
    ),
    max_size=12,
)


@given(moves)
def test_marks_only_grow_and_stay_inside_what_was_said_and_heard(story: list[Any]) -> None:
    marks, audio_ms, told = Marks(), 0.0, []
    marks.task_began(0.0)
    for what, value in story:
        if what == "say":
            marks.say(value)
        elif what == "began":
            audio_ms += value
            marks.sentence_began(audio_ms)
        elif what == "end":
            audio_ms += 100
            told += marks.sentence_ended(*value, audio_ms)
        else:
            told += marks.finished(value, audio_ms)
            marks.task_began(audio_ms)
        before = Mark(0, 0.0)
        for mark in told:
            assert mark.chars > before.chars and mark.audio_ms >= before.audio_ms
            assert mark.chars <= len(marks.said) and mark.audio_ms <= audio_ms
            before = mark


# What the service says


def output(kind: str, text: Any = None, words: Any = None) -> dict[str, Any]:
    return {"type": kind, "original_text": text, "sentence": {"index": 0, "words": words}}


WORD = {"text": "床", "begin_index": 0, "end_index": 1, "begin_time": 0, "end_time": 263}


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (output("sentence-begin", "床前"), results.SentenceBegan()),
        (output("sentence-synthesis"), results.Other()),
        (output("sentence-end", "床前", [WORD]), results.SentenceEnded("床前", (Word("床", 0, 263),))),
        (output("sentence-end", None, []), results.SentenceEnded("", ())),
        (output("sentence-end", 7, "x"), results.SentenceEnded("", ())),
        (output("sentence-end", "x", [None, {}, WORD | {"end_time": "x"}, WORD | {"text": ""}, WORD | {"begin_time": 999}]),
         results.SentenceEnded("x", ())),
        ({"type": "sentence-end", "sentence": None}, results.SentenceEnded("", ())),
        ({"sentence": {"words": [WORD]}}, results.Other()),
        ({}, results.Other()),
    ],
)  # fmt: skip
def test_a_result_is_understood_and_what_makes_no_sense_in_it_is_left_out(made: Any, result: results.Result) -> None:
    assert results.parse(made) == result


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["sentence-begin", "sentence-end", 7, None]), json_values, json_values)
def test_no_result_whatever_raises(kind: Any, text: Any, words: Any) -> None:
    results.parse(output(kind, text, words))
    results.parse({"type": kind, "sentence": words})
