"""From tokens to what is heard, and back from each moment of the audio to what the model wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.call.heard import Heard
from firstword.speech.tts import Mark
from firstword.text.atom import sources, spoken
from firstword.text.reader import Reader, phrase
from firstword.text.reading import Reading
from firstword.text.segment import Segmenter

from .cutting import cut, streamed

READINGS = [
    Reading(lexicon=("重庆=虫庆", "CEO=首席执行官", "银行=yin2 hang2")),
    Reading(language="en"),
    Reading(reading=False),
]


@pytest.mark.parametrize("reading", READINGS, ids=["Chinese", "English", "as written"])
@given(case=cut())
def test_the_spoken_result_is_the_same_for_every_cutting_and_stands_for_all_of_the_text(
    reading: Reading, case: tuple[str, list[str]]
) -> None:
    text, tokens = case
    whole = streamed(lambda: Reader(reading), [text])
    for parts in (tokens, list(text)):
        cut_otherwise = streamed(lambda: Reader(reading), parts)
        assert spoken(cut_otherwise) == spoken(whole)
        assert sources(cut_otherwise) == len(text)
    if not reading.reading:
        assert spoken(whole) == text


@given(cut(), st.integers(0, 4000))
def test_the_way_back_is_exact_at_every_moment_of_the_audio(case: tuple[str, list[str]], waiting_ms: int) -> None:
    text, tokens = case
    reader, segmenter, heard = Reader(READINGS[0]), Segmenter(), Heard()
    atoms = []
    for token in [*tokens, None]:
        heard.wrote(token or "")
        read = reader.finish() if token is None else reader.feed(token)
        pieces = segmenter.feed(read, waiting_ms) + (segmenter.finish() if token is None else [])
        for piece in pieces:
            heard.said(piece.atoms, aloud=piece.speakable)
            atoms += [(atom.text if piece.speakable else "", atom.source) for atom in piece.atoms]
    assert heard.text == text and sum(source for _, source in atoms) == len(text)
    said = "".join(spoken_text for spoken_text, _ in atoms)
    assert heard.spoken == said
    for number in range(1, len(said) + 1):
        heard.mark(Mark(number, number * 100.0))
    for number in range(len(said) + 1):
        expected, characters, heard_words = 0, 0, False
        for spoken_text, source in atoms:
            characters += len(spoken_text)
            if characters > number:
                break
            expected += source
            heard_words = heard_words or bool(spoken_text)
        assert heard.until(number * 100.0 + 50) == (text[:expected] if heard_words else "")


def test_a_word_that_is_half_heard_is_left_out() -> None:
    heard = Heard()
    text = "**重庆**见"
    heard.wrote(text)
    said, atoms = phrase(text, READINGS[0])
    assert said == "虫庆见"
    heard.said(atoms)
    for number in (1, 2, 3):
        heard.mark(Mark(number, number * 100.0))
    assert [heard.until(ms) for ms in (0, 100, 199, 200, 299, 300)] == ["", "", "", "**重庆**", "**重庆**", text]


def test_a_phrase_of_which_nothing_would_be_spoken_is_spoken_as_it_stands() -> None:
    assert phrase("👍", Reading())[0] == "👍"
    assert phrase("**您好**", Reading())[0] == "您好"
    assert phrase("**您好**", Reading(reading=False))[0] == "**您好**"
