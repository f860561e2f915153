"""Tiny runs of the measurements: that they measure what they say, not how fast this machine is."""

from __future__ import annotations

from typing import Any

import pytest
from mock import Mock, call

from firstword.bench import barge_in, content, first_word, official_sdks, providers, whole
from firstword.bench.report import Row
from firstword.errors import ConfigError, ProviderError
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers import registry
from firstword.speech.llm import Completion
from firstword.speech.tts import Mark


def values(rows: list[Row]) -> dict[str, float]:
    return {row.name: row.value for row in rows}


def test_the_held_back_model_gives_its_answer_when_the_last_token_has_come() -> None:
    model, listener = Mock(), Mock()
    whole.WholeModel(model).start("x", [], listener)
    held = model.start.call_args.args[2]
    held.token("您")
    held.token("好")
    listener.token.assert_not_called()
    held.finished(Completion("stop"))
    assert listener.mock_calls == [call.token("您好"), call.finished(Completion("stop"))]


@pytest.mark.parametrize("end", [("finished",), ("failed", ProviderError("x", provider="p"))])
def test_the_held_back_synthesiser_gives_its_audio_when_all_of_it_has_come(end: tuple[Any, ...]) -> None:
    synthesiser, listener = Mock(rate=8000), Mock()
    whole.WholeSynthesiser(synthesiser).start("x", listener)
    held = synthesiser.start.call_args.args[1]
    held.audio(b"ab")
    held.mark(Mark(1, 2.0))
    held.audio(b"cd")
    assert listener.mock_calls == []
    getattr(held, end[0])(*end[1:])
    assert listener.mock_calls == [call.audio(b"abcd"), call.mark(Mark(1, 2.0)), getattr(call, end[0])(*end[1:])]


def test_the_held_back_vendors_exist_only_while_they_are_compared() -> None:
    with whole.vendors():
        assert registry.make_llm("whole", {"api_key": ""}, "x").name.startswith("whole ")
    with pytest.raises(ConfigError):
        registry.make_llm("whole", {"api_key": ""}, "x")


def test_streaming_is_sooner_than_whole_then_play_and_both_are_heard_right() -> None:
    speeds = first_word.Speeds(50, 10, 20, 0.1, 20)
    before, after = (first_word._cell(speeds, first_word.SHORT, way, calls=1) for way in ("whole", "streamed"))
    assert before.first_word > 1.2 * after.first_word
    assert before.right == after.right == 1


def test_an_overhead_is_measured_for_each_turn() -> None:
    got = values(first_word.overhead(first_word.Speeds(50, 20, 20, 0.1, 20), turns=2, startup_ms=0, goal_ms=60))
    assert got["buffer 0 ms: turns measured"] == 2
    assert got["buffer 0 ms: first word, median"] > 400


def test_interruptions_are_measured_at_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barge_in, "A_CALL", 2)
    got = values(barge_in.measure(interruptions=2, min_speech_ms=100, vad="level"))
    assert got["interruptions measured"] == 2
    assert got["heard, worst"] <= 1
    assert got["stop, median"] > 0


def test_content_is_compared_character_by_character() -> None:
    one, other = content.play(["您好。", "没有"])
    assert content._wrong("您好。", one) == 0
    assert content._wrong("没有了", other) == 1


@pytest.mark.parametrize("service", providers.SERVICES, ids=lambda service: service.name)
def test_with_a_spare_the_first_text_waits_for_no_connection_and_without_one_for_it_alone(
    service: providers.Service,
) -> None:
    with Gateway(GatewayOptions(connect_ms=60)) as gateway:
        got = values(providers.ours(gateway, service, 3, 60))
    assert got[f"{service.name}, warm: first text, median"] < 40
    assert got[f"{service.name}, warm: replies that found a spare"] == 100
    assert 60 <= got[f"{service.name}, cold: first text, median"] < 130


@pytest.mark.parametrize("service", providers.SERVICES, ids=lambda service: service.name)
def test_the_official_sdk_is_measured_beside_it(service: providers.Service) -> None:
    if not official_sdks.installed(service.name):
        pytest.skip("the SDK is not installed: pip install firstword[referees]")
    with Gateway(GatewayOptions(connect_ms=60)) as gateway:
        rows = providers.theirs(gateway, service, 1)
    assert len(rows) == 2 and rows[0].value is not None and rows[0].value >= 60


def test_an_sdk_that_is_not_there_is_a_row_without_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official_sdks, "installed", lambda service: False)
    (row,) = providers.theirs(Mock(), providers.SERVICES[0], 1)
    assert row.name.endswith("not installed") and row.as_dict()["value"] is None and row.ok is None
