"""How much of a text was heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firstword.call.heard import PACE_MS, Heard
from firstword.speech.tts import Mark


def of(text: str, *marks: Mark, whole: float | None = None) -> Heard:
    heard = Heard()
    heard.as_written(text)
    for mark in marks:
        heard.mark(mark)
    if whole is not None:
        heard.whole(whole)
    return heard


def test_with_a_mark_for_each_character_it_is_exact() -> None:
    heard = of("你好吗", Mark(1, 200), Mark(2, 400), Mark(3, 600))
    assert [heard.until(ms) for ms in (0, 199, 200, 399, 400, 600)] == ["", "", "你", "你", "你好", "你好吗"]


def test_between_the_ends_of_sentences_the_pace_of_that_sentence_counts() -> None:
    heard = of("一二三四。五六七八。", Mark(5, 1000, exact=False), Mark(10, 3000, exact=False))
    assert heard.until(1000) == "一二三四。"
    assert heard.until(2000) == "一二三四。五六"


def test_without_any_marks_the_whole_gives_the_pace() -> None:
    assert of("一二三四五六七八", whole=2000).until(1000) == "一二三四"


def test_before_anything_is_known_the_usual_pace_counts() -> None:
    assert of("一二三四五六七八").until(3 * PACE_MS) == "一二三"


def test_all_of_the_audio_is_all_of_the_text() -> None:
    assert of("你好 🙂  ", whole=1234).until(1234) == "你好 🙂  "


def test_what_was_taken_back_is_known_by_the_next_voice() -> None:
    heard = of("一二三四五六", Mark(1, 200), Mark(2, 400), Mark(3, 600), Mark(4, 800))
    heard.retract(450)
    heard.mark(Mark(2, 450, exact=False))
    heard.mark(Mark(3, 550))
    assert [heard.until(ms) for ms in (399, 500, 550)] == ["一", "一二", "一二三"]


def test_a_mark_that_goes_backwards_is_left_out() -> None:
    heard = of("abc", Mark(2, 500), Mark(1, 700), Mark(3, 400))
    assert heard.until(500) == "ab"


@given(
    st.text(min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(1, 40), st.floats(0, 9000)), max_size=8),
    st.floats(0, 9000),
)
def test_more_audio_never_means_less_text(text: str, marks: list[tuple[int, float]], whole: float) -> None:
    heard = of(text, *(Mark(min(chars, len(text)), ms) for chars, ms in sorted(marks)), whole=whole)
    lengths = [len(heard.until(ms)) for ms in range(0, 10_000, 250)]
    assert lengths == sorted(lengths)
    assert heard.until(10_000) == text
