from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.speech.answer import CallPart, Calls, Fault, Surrogates, refusal
from firstword.speech.llm import ToolCall

# Refusals


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            '{"error":{"message":"Incorrect API key","type":"x","param":null,"code":"invalid_api_key"},"request_id":"b0"}',
            Fault("invalid_api_key", "Incorrect API key", 400, "b0"),
        ),
        (
            'data: {"error":{"code":"data_inspection_failed","param":null,"message":"Input text"}}\n\n',
            Fault("data_inspection_failed", "Input text", 400),
        ),
        (
            '{"code":"InvalidApiKey","message":"Invalid API-key","request_id":"x"}',
            Fault("InvalidApiKey", "Invalid API-key", 400, "x"),
        ),
        ("{}", Fault("", "", 400)),
        ("", Fault("", "", 400)),
        ("<html>502</html>", Fault("", "<html>502</html>", 400)),
        ("[]", Fault("", "[]", 400)),
    ],
)
def test_every_refusal_has_a_meaning(body: str, fault: Fault) -> None:
    assert refusal(body, 400) == fault


# Characters cut in two


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=10), st.integers(0, 20))
def test_a_character_cut_between_two_deltas_is_joined(text: str, cut: int) -> None:
    units = text.encode("utf-16-le")
    parts = units[: cut * 2], units[cut * 2 :]
    joiner = Surrogates()
    assert "".join(joiner.feed(part.decode("utf-16-le", "surrogatepass")) for part in parts) == text


def test_half_a_character_alone_is_never_told() -> None:
    joiner = Surrogates()
    assert joiner.feed("a\ud83d") == "a"
    told = joiner.feed("b\ude00c")
    told.encode()
    assert told.endswith("c") and "b" in told


# Calls from pieces

P = CallPart
WEATHER, TIME = ToolCall("c1", "weather", '{"city": "杭州"}'), ToolCall("c2", "time", "{}")
WAYS: dict[str, tuple[list[CallPart], list[ToolCall]]] = {
    "as OpenAI does": ([P(0, "c1", "weather"), P(0, "", "", '{"city": "'), P(0, "", "", '杭州"}')], [WEATHER]),
    "whole, at once": ([P(0, "c1", "weather", WEATHER.arguments)], [WEATHER]),
    "arguments in the first piece too": ([P(0, "c1", "weather", '{"city"'), P(0, "", "", ': "杭州"}')], [WEATHER]),
    "the id again in every piece": ([P(0, "c1", "weather", '{"city": '), P(0, "c1", "", '"杭州"}')], [WEATHER]),
    "another id in every piece": ([P(0, "c1", "weather", '{"city": '), P(0, "x9", "", '"杭州"}')], [WEATHER]),
    "the name again in every piece": ([P(0, "c1", "weather", '{"city": '), P(0, "", "weather", '"杭州"}')], [WEATHER]),
    "the name in two pieces": ([P(0, "c1", "wea"), P(0, "", "ther"), P(0, "", "", WEATHER.arguments)], [WEATHER]),
    "the name after the id": ([P(0, "c1"), P(0, "", "weather"), P(0, "", "", WEATHER.arguments)], [WEATHER]),
    "no arguments at all": ([P(0, "c2", "time")], [ToolCall("c2", "time", "")]),
    "one after the other": ([P(0, "c1", "weather", WEATHER.arguments), P(1, "c2", "time", "{}")], [WEATHER, TIME]),
    "interleaved": (
        [P(0, "c1", "weather"), P(1, "c2", "time"), P(0, "", "", '{"city": '), P(1, "", "", "{}"), P(0, "", "", '"杭州"}')],
        [WEATHER, TIME],
    ),
    "indexes from one": ([P(1, "c1", "weather", WEATHER.arguments), P(2, "c2", "time", "{}")], [WEATHER, TIME]),
    "all under index 0": ([P(0, "c1", "weather", '{"city": '), P(0, "", "", '"杭州"}'), P(0, "c2", "time", "{}")], [WEATHER, TIME]),
    "all under index 0, without ids": (
        [P(0, "", "weather", WEATHER.arguments), P(0, "", "time", "{}")],
        [ToolCall("new1", "weather", WEATHER.arguments), ToolCall("new2", "time", "{}")],
    ),
    "no index": ([P(None, "c1", "weather", '{"city": '), P(None, "", "", '"杭州"}'), P(None, "c2", "time", "{}")], [WEATHER, TIME]),
    "no index, interleaved by id": (
        [P(None, "c1", "weather"), P(None, "c2", "time"), P(None, "c1", "", WEATHER.arguments), P(None, "c2", "", "{}")],
        [WEATHER, TIME],
    ),
    "no index, another id in every piece": ([P(None, "c1", "weather", '{"city": '), P(None, "x9", "", '"杭州"}')], [WEATHER]),
    "no index and no id": (
        [P(None, "", "time", "{}"), P(None, "", "time", "{}")],
        [ToolCall("new1", "time", "{}"), ToolCall("new2", "time", "{}")],
    ),
    "no id": ([P(0, "", "time"), P(0, "", "", "{}")], [ToolCall("new1", "time", "{}")]),
    "one id for two": (
        [P(0, "c1", "time", "{}"), P(1, "c1", "time", "{}")],
        [ToolCall("c1", "time", "{}"), ToolCall("new1", "time", "{}")],
    ),
    "an empty piece": ([P()], []),
    "none": ([], []),
}  # fmt: skip


def put_together(parts: list[CallPart], per_event: int = 1) -> list[ToolCall]:
    made = iter(f"new{n}" for n in range(1, 99))
    calls = Calls(lambda: next(made))
    for at in range(0, len(parts), per_event):
        calls.feed(parts[at : at + per_event])
    return list(calls.finish())


@pytest.mark.parametrize("per_event", [1, 9])
@pytest.mark.parametrize("way", WAYS)
def test_the_pieces_of_a_call_find_together_in_whatever_way_a_server_sends_them(way: str, per_event: int) -> None:
    parts, calls = WAYS[way]
    assert put_together(parts, per_event) == calls


arguments = st.dictionaries(st.text(max_size=4), st.text(max_size=8), max_size=3).map(
    lambda value: json.dumps(value, ensure_ascii=len(value) > 1)
)
many_calls = st.lists(st.tuples(st.sampled_from(["weather", "time"]), arguments), max_size=5).map(
    lambda pairs: [ToolCall(f"c{n}", *pair) for n, pair in enumerate(pairs)]
)


@given(many_calls, st.integers(1, 9), st.randoms())
def test_pieces_of_several_calls_may_come_in_any_order_among_each_other(
    calls: list[ToolCall], size: int, random: Any
) -> None:
    queues = [
        [P(n, call.id, call.name), *(P(n, "", "", call.arguments[at : at + size]) for at in range(0, len(call.arguments), size))]
        for n, call in enumerate(calls)
    ]  # fmt: skip
    parts = []
    while queues := [queue for queue in queues if queue]:
        parts.append(random.choice(queues).pop(0))
    assert sorted(put_together(parts), key=lambda call: call.id) == calls


def test_a_character_of_the_arguments_cut_between_two_pieces_is_joined() -> None:
    parts = [P(0, "c", "say"), P(0, "", "", '{"x": "\ud83d'), P(0, "", "", '\ude00"}')]
    assert put_together(parts) == [ToolCall("c", "say", '{"x": "😀"}')]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([P(n, f"c{n}", "x") for n in range(17)], "more than 16 tools at once"),
        ([P(0, "c", "x", "a" * 1000)] * 66, "longer than 65536 bytes"),
        ([P(0, "c", "x"), *[P(0, "", "", "中" * 1000)] * 22], "longer than 65536 bytes"),
        ([P(0, "c", "x" * 1000), *[P(0, "", "y" * 1000)] * 66], "longer than 65536 bytes"),
        ([P(0, "c", "", "{}")], "has no name"),
        ([P(0, "c")], "has no name"),
    ],
)
def test_a_model_that_has_lost_its_way_is_bounded(parts: list[CallPart], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        put_together(parts)


def test_sixteen_calls_of_64_kib_are_still_taken() -> None:
    parts = [P(n, f"c{n}", "x" * 6, "a" * 65_530) for n in range(16)]
    assert len(put_together(parts)) == 16


def test_ids_that_are_made_are_never_the_same() -> None:
    made = [Calls() for _ in range(2)]
    for calls in made:
        calls.feed([P(0, "", "x"), P(1, "", "x")])
    assert len({call.id for calls in made for call in calls.finish()}) == 4
