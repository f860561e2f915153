"""A long call is summarised, while it goes on."""

from __future__ import annotations

from collections.abc import Sequence

from firstword.call.summary import KEPT_CHARS, Summarised, Summary
from firstword.errors import ProviderError
from firstword.speech.llm import Completion, GenerationListener, Message, Tool


class Model:
    """Writes down what it is asked, and waits to be told what to answer."""

    name = "test"

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.listeners: list[GenerationListener] = []
        self.cancelled = 0

    def start(
        self, label: str, messages: Sequence[Message], listener: GenerationListener, tools: Sequence[Tool] = ()
    ) -> Model:
        self.asked.append([message.content for message in messages])
        self.listeners.append(listener)
        return self

    def answer(self, *tokens: str) -> None:
        listener = self.listeners[-1]
        for token in tokens:
            listener.token(token)
        listener.finished(Completion("stop"))

    def cancel(self) -> None:
        self.cancelled += 1

    def close(self) -> None: ...


def made() -> tuple[Summary, Model, list[Summarised]]:
    model, posted = Model(), list[Summarised]()
    return Summary("call", model, "概括", posted.append), model, posted


def exchange(number: int) -> list[Message]:
    return [Message("user", f"问{number}"), Message("assistant", f"答{number}")]


def test_what_is_dropped_is_summarised_with_the_line_before_one_request_at_a_time() -> None:
    summary, model, posted = made()
    summary.drop([Message("assistant", "您好")])
    assert model.asked == [], "that the bot has greeted is worth no request"
    summary.drop(exchange(1))
    assert model.asked == [["概括", "我们：您好\n客户：问1\n我们：答1\n"]]
    summary.drop(exchange(2))
    summary.drop([Message("user", "问3"), Message("tool", "已发货")])
    assert len(model.asked) == 1, "while it writes nothing else is asked"
    model.answer("客户", "问了一。")
    assert summary.take(posted.pop()) == "客户问了一。"
    assert model.asked[1][1] == "此前的摘要：客户问了一。\n客户：问2\n我们：答2\n客户：问3\n查询结果：已发货\n"


def test_what_could_not_be_summarised_is_asked_for_with_what_is_dropped_next() -> None:
    summary, model, posted = made()
    summary.drop(exchange(1))
    model.listeners[0].failed(ProviderError("busy", provider="test", retry=True))
    assert summary.take(posted.pop()) == ""
    assert len(model.asked) == 1, "not at once: it would fail again"
    summary.drop(exchange(2))
    assert model.asked[1][1] == "客户：问1\n我们：答1\n客户：问2\n我们：答2\n"


def test_what_waits_is_bounded_and_the_end_of_the_call_ends_the_request() -> None:
    summary, model, posted = made()
    summary.drop(exchange(1))
    for number in range(2000):
        summary.drop(exchange(number))
    model.answer("很长。")
    summary.take(posted.pop())
    assert len(model.asked[1][1]) < KEPT_CHARS + 20
    summary.close()
    summary.close()
    assert model.cancelled == 1
