from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.providers.aliyun.marks import Marks
from firstword.providers.aliyun.wire import Subtitle
from firstword.speech.tts import Mark


def characters(text: str, *, at_ms: float = 0, each_ms: float = 100, index: int | None = 0) -> tuple[Subtitle, ...]:
    """A subtitle for each character that is spoken, as NLS makes them: punctuation and spaces have none."""
    made = []
    for number, char in enumerate(text):
        if char.isalnum():
            begin = at_ms + len(made) * each_ms
            first = None if index is None else index + number
            made.append(Subtitle(char, begin, begin + each_ms, first, None if first is None else first + 1))
    return tuple(made)


def sentence(marks: Marks, subtitles: tuple[Subtitle, ...], began_ms: float, step: int = 2) -> list[Mark]:
    """A sentence as the gateway tells it: some subtitles at a time, then all of them once more."""
    marks.sentence_began(began_ms)
    found: list[Mark] = []
    for at in range(0, len(subtitles), step):
        found += marks.spoken(subtitles[at : at + step])
    return found + marks.sentence_ended(subtitles)


def pairs(found: list[Mark]) -> list[tuple[int, float]]:
    return [(mark.chars, mark.audio_ms) for mark in found]


@pytest.mark.parametrize("from_task", [True, False], ids=["times of the task", "times of the sentence"])
@pytest.mark.parametrize("indexed", ["sentence", "task", "none"])
def test_positions_add_up_over_sentences_however_the_service_counts(from_task: bool, indexed: str) -> None:
    marks = Marks()
    marks.task_began(0)
    marks.say("你好。 ")
    marks.say("再见！")
    first = sentence(marks, characters("你好。", index=None if indexed == "none" else 0), 0)
    index = {"sentence": 0, "task": 4, "none": None}[indexed]
    second = sentence(marks, characters("再见！", at_ms=250 if from_task else 0, index=index), 250)
    assert pairs(first) == [(1, 100), (2, 200), (4, 200)]
    assert pairs(second) == [(5, 350), (6, 450), (7, 450)]
    assert marks.completed(500) == []


def test_what_is_told_again_at_the_sentences_end_is_not_told_twice() -> None:
    marks = Marks()
    marks.say("好好好好。")
    assert pairs(sentence(marks, characters("好好好好"), 0, step=1)) == [
        (1, 100),
        (2, 200),
        (3, 300),
        (4, 400),
        (5, 400),
    ]


def test_the_last_character_told_again_is_not_looked_for_in_the_next_sentence() -> None:
    marks = Marks()
    marks.say("好好。好吗？")
    assert pairs(sentence(marks, characters("好好"), 0)) == [(1, 100), (2, 200), (3, 200)]


def test_a_sentence_told_only_at_its_end_is_told() -> None:
    marks = Marks()
    marks.say("你好。")
    marks.sentence_began(0)
    assert pairs(marks.spoken(()) + marks.sentence_ended(characters("你好"))) == [(1, 100), (2, 200), (3, 200)]


def test_without_subtitles_only_the_end_of_everything_is_known() -> None:
    marks = Marks()
    marks.say("你好。再见。")
    assert sentence(marks, (), 0) + sentence(marks, (), 700) == []
    assert marks.completed(1500) == [Mark(6, 1500, exact=False)]


def test_a_later_task_counts_from_where_the_one_before_ended() -> None:
    marks = Marks()
    marks.task_began(0)
    marks.say("你好。")
    sentence(marks, characters("你好"), 0)
    assert marks.completed(300) == []
    marks.task_began(300)
    marks.say("再见。然后。")
    assert pairs(sentence(marks, characters("再见"), 300))[0] == (4, 400)
    assert pairs(sentence(marks, characters("然后", at_ms=250), 550))[0] == (7, 650)  # from this task: 300 + 250 + 100


def test_a_number_that_is_spelt_out_does_not_lose_the_place() -> None:
    marks = Marks()
    marks.say("共12元。谢谢。")
    spelt = (
        Subtitle("共", 0, 100, 0, 1),
        Subtitle("十", 100, 200, 1, 2),
        Subtitle("二", 200, 300, 2, 3),
        Subtitle("元", 300, 400, 3, 4),
    )
    assert pairs(sentence(marks, spelt, 0)) == [(1, 100), (2, 200), (3, 300), (4, 400), (5, 400)]
    assert pairs(sentence(marks, characters("谢谢"), 400))[-1] == (8, 600)


def test_utf16_indices_after_an_emoji_do_not_shift_what_follows() -> None:
    marks = Marks()
    marks.say("😀😀你好。")
    assert pairs(sentence(marks, (Subtitle("你", 0, 100, 4, 5), Subtitle("好", 100, 200, 5, 6)), 0)) == [
        (3, 100),
        (4, 200),
        (5, 200),
    ]


def test_words_are_found_as_words() -> None:
    marks = Marks()
    marks.say("Hello, world. Bye.")
    words = (Subtitle("Hello", 0, 300, 0, 5), Subtitle("world", 300, 600, 7, 12))
    assert pairs(sentence(marks, words, 0)) == [(5, 300), (12, 600), (14, 600)]


@given(
    st.text(max_size=40),
    st.lists(
        st.lists(
            st.builds(
                Subtitle,
                st.text(min_size=1, max_size=3),
                st.floats(-1e6, 1e6),
                st.floats(-1e6, 1e6),
                st.none() | st.integers(-5, 50),
                st.none() | st.integers(-5, 50),
            ),
            max_size=5,
        ).map(tuple),
        max_size=5,
    ),
)
def test_whatever_comes_marks_grow_and_stay_within_the_text(text: str, sentences: list[tuple[Subtitle, ...]]) -> None:
    marks = Marks()
    marks.say(text)
    found: list[Mark] = []
    audio_ms = 0.0
    for subtitles in sentences:
        found += sentence(marks, subtitles, audio_ms)
        audio_ms += 500
    found += marks.completed(audio_ms)
    for before, after in zip([Mark(0, 0.0), *found], found, strict=False):
        assert before.chars <= after.chars <= len(text) and before.audio_ms <= after.audio_ms
    assert not text or (found and found[-1].chars == len(text))
