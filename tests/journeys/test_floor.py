"""Who holds the floor, at the caller's ear: what a sound of theirs does to a reply, and when they have finished."""

from __future__ import annotations

import pytest

from .conftest import HANG_UP, REPLY, Theatre, say, silence, wait

STORY = "好，" + "一二三四五六七八九十" * 6 + "。"


def lost(heard: str, text: str) -> str:
    """The characters of `text` that do not follow each other in `heard`, whatever else was heard between."""
    missing, at = "", 0
    for character in text:
        found = heard.find(character, at)
        if found < 0:
            missing += character
        else:
            at = found + 1
    return missing


@pytest.mark.parametrize("word", ["嗯", "对对", "好的", "ok"])
def test_a_listener_s_word_holds_a_reply_for_a_moment_and_none_of_it_is_lost(theatre: Theatre, word: str) -> None:
    theatre.gate(STORY, tokens_per_s=100).set()
    played = theatre.play(silence(), say("讲"), REPLY, wait(1.5), say(word), silence(), HANG_UP)
    assert played.conversation.failure == ""
    heard = played.conversation.heard_text().removeprefix("您好")
    assert lost(heard, STORY) == ""
    (turn,) = played.record["turns"]
    assert (turn["heard"], turn["interrupted"]) == (STORY, False)
