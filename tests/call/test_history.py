"""What the model is told."""

from __future__ import annotations

from firstword.call.history import History
from firstword.speech.llm import Message


def test_the_model_is_told_what_was_heard_not_what_was_written() -> None:
    history = History("be brief", 20)
    history.ask("price?")
    history.heard("It is ten")
    assert history.ask("what?") == [
        Message("system", "be brief"),
        Message("user", "price?"),
        Message("assistant", "It is ten"),
        Message("user", "what?"),
    ]


def test_words_that_got_no_audible_answer_are_asked_again_as_one_message() -> None:
    history = History("", 20)
    history.ask("price?")
    history.heard("")
    assert history.ask("price? to Beijing") == [Message("user", "price? to Beijing")]


def test_a_long_call_is_told_from_its_last_turns_and_begins_with_the_caller() -> None:
    history = History("sys", 2)
    for n in range(5):
        messages = history.ask(f"q{n}")
        history.heard(f"a{n}")
    assert [m.content for m in messages] == ["sys", "q3", "a3", "q4"]
