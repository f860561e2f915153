"""The real language model, and what it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from firstword import threads
from firstword.errors import ProviderError
from firstword.gateway.engines import Wish
from firstword.gateway.engines.qwen import CONTEXT_TOKENS, FORGET, MOST_TOKENS, MOST_WAITING, Qwen, _request, fitted

SYSTEM = {"role": "system", "content": "你是快递公司的电话客服。请用一句话回答。"}


def asked(text: str) -> list[dict[str, str]]:
    return [SYSTEM, {"role": "user", "content": text}]


def answer(qwen: Qwen, text: str, **wish: object) -> str:
    return "".join(token for token in qwen.answer(asked(text), Wish(**wish)) if isinstance(token, str))  # type: ignore[arg-type]


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def writing() -> int:
    return threads.alive().count("qwen")


def test_an_answer_comes_token_by_token_in_the_callers_language(qwen: Qwen) -> None:
    begun = time.monotonic()
    first = 0.0
    tokens = []
    for token in qwen.answer(asked("你们周末送货吗？"), Wish(max_tokens=40, temperature=0.0)):
        if isinstance(token, str):
            first = first or time.monotonic() - begun
            tokens.append(token)
    assert len(tokens) > 3 and all(tokens)
    assert any("\u4e00" <= character <= "\u9fff" for character in "".join(tokens))
    assert first < 10.0  # 0.25-0.5 s on two quiet cores


def test_the_same_question_without_chance_has_the_same_answer(qwen: Qwen) -> None:
    one, other = (answer(qwen, "你好", max_tokens=12, temperature=0.0) for _ in range(2))
    assert one == other != ""


def test_no_more_tokens_come_than_were_wished_for(qwen: Qwen) -> None:
    tokens = [token for token in qwen.answer(asked("请介绍你们公司"), Wish(max_tokens=3)) if isinstance(token, str)]
    assert 1 <= len(tokens) <= 3


class Counted:
    """The library's server, counting what it hands over."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.chunks = 0

    def handle_chat_completions(self, request: Any, callback: Callable[[Any], bool]) -> None:
        def counting(chunk: Any) -> bool:
            self.chunks += 1
            return callback(chunk)

        self.server.handle_chat_completions(request, counting)


def test_closing_an_answer_stops_the_model_at_its_next_token(qwen: Qwen, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(qwen._server)
    monkeypatch.setattr(qwen, "_server", counted)
    writer = qwen.answer(asked("从一数到一百，每个数都说出来。"), Wish(max_tokens=400))
    while not isinstance(next(writer), str):
        pass
    begun, chunks = time.monotonic(), counted.chunks
    writer.close()
    assert time.monotonic() - begun < 0.1, "closing must not wait for the model"
    until(lambda: not writing())
    assert counted.chunks - chunks <= 3


def test_an_answer_can_be_cancelled_while_its_prompt_is_being_read(qwen: Qwen) -> None:
    """250 tokens of prompt are three seconds of work and more; the next answer has to wait for one batch of 64 only."""
    reading = qwen.answer(asked("周末送货吗？" * 60), Wish(max_tokens=4))
    assert not isinstance(next(reading), str), "the prompt should still be being read"
    reading.close()
    begun = time.monotonic()
    until(lambda: not writing())
    batch = time.monotonic() - begun
    whole = time.monotonic()
    list(qwen.answer(asked("周末送货吗？" * 60), Wish(max_tokens=1)))
    assert batch < (time.monotonic() - whole) / 2


def test_answers_wait_for_each_other_and_too_many_are_refused(qwen: Qwen) -> None:
    long = [qwen.answer(asked("请详细介绍北京的历史。"), Wish(max_tokens=300)) for _ in range(MOST_WAITING + 2)]
    try:
        for writer in long[:-1]:
            next(writer)
        with pytest.raises(ProviderError) as raised:
            next(long[-1])
        assert raised.value.code == "busy" and raised.value.retry
    finally:
        for writer in long:
            writer.close()
    until(lambda: not writing())


@pytest.mark.parametrize("messages", [[{"role": "user", "content": 3}], [{"content": "没有角色"}]])
def test_messages_it_can_not_read_are_the_clients_fault(qwen: Qwen, messages: list[dict[str, object]]) -> None:
    with pytest.raises(ProviderError) as raised:
        list(qwen.answer(messages, Wish(max_tokens=1)))
    assert raised.value.code == "invalid_request_error" and not raised.value.retry


def test_a_prompt_longer_than_the_context_is_refused_with_the_models_word(qwen: Qwen) -> None:
    with pytest.raises(ProviderError, match="exceeds the available context size"):
        list(qwen.answer(asked("周末送货吗？" * 2000), Wish(max_tokens=1)))


def test_closing_the_model_ends_what_is_being_written(qwen: Qwen) -> None:
    writer = qwen.answer(asked("请详细介绍北京的历史。"), Wish(max_tokens=400))
    next(writer)
    qwen.close()
    assert not writing()
    assert "".join(token for token in writer if isinstance(token, str)) is not None
    assert answer(qwen, "你好", max_tokens=2), "it can be asked again"


def talk(turns: int, length: int) -> list[dict[str, str]]:
    roles = ("user", "assistant")
    return [SYSTEM, *({"role": roles[n % 2], "content": f"{n}".ljust(length)} for n in range(turns))]


def test_a_conversation_that_fits_is_handed_over_whole() -> None:
    assert fitted(talk(10, 20), CONTEXT_TOKENS) == talk(10, 20)


def test_what_is_oldest_is_forgotten_in_steps_so_that_the_rest_stays_read() -> None:
    """108 tokens a message of 100 characters, so 18 of them fit into 2000 beside the system's."""
    kept = [fitted(talk(turns, 100), 2000) for turns in range(15, 35)]
    assert all(messages[0] == SYSTEM for messages in kept)
    assert all(sum(len(message["content"]) + 8 for message in messages) <= 2000 for messages in kept)
    assert [int(messages[1]["content"]) for messages in kept] == [0] * 4 + [FORGET] * 8 + [2 * FORGET] * 8


def test_the_callers_last_words_are_never_forgotten() -> None:
    assert fitted(talk(5, 5000), 100)[-1] == talk(5, 5000)[-1]


@pytest.mark.parametrize(("wished", "most"), [(None, 160), (0, 1), (50, 50), (10**6, MOST_TOKENS)])
def test_the_length_of_an_answer_has_a_bound(wished: int | None, most: int) -> None:
    assert _request([SYSTEM], Wish(max_tokens=wished))["max_tokens"] == most


def test_only_what_is_known_of_a_request_reaches_the_library() -> None:
    request = _request([SYSTEM], Wish(temperature=0.7, extra={"seed": 1, "grammar": "root", "stream": False}))
    assert (request["seed"], request["temperature"], request["stream"]) == (1, 0.7, True)
    assert "grammar" not in request
