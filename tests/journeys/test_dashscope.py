"""Whole calls whose ears are Paraformer's and whose model answers by DashScope's native protocol; and a gateway that was restarted."""

from __future__ import annotations

import re

from firstword.gateway.faults import Fault
from firstword.sim.stage import Place, Stage, configuration

from .conftest import END, HANG_UP, REPLY, Theatre, say, silence

REPLIES = ("您的订单已经发货，预计明天到。", "不客气。")


def with_dashscope(theatre: Theatre, **profile: str) -> Theatre:
    gateway = theatre.gateway
    services = {
        "asr": {"url": gateway.inference_url, "api-key": gateway.api_key, "max-sentence-silence": "400"},
        "llm": {"url": gateway.dashscope_url, "api-key": gateway.api_key},
    }
    xml = configuration(
        Place.of(gateway),
        {"greeting": "您好", "goodbye": "再见", "vad": "level", "min_speech_ms": 60, **profile},
        tts={"whole_text": "true"},
    )
    for does, settings in services.items():
        params = "".join(f'<param name="{name}" value="{value}"/>' for name, value in settings.items())
        service = f'<service name="{does}" does="{does}" vendor="dashscope">{params}</service>'
        xml, count = re.subn(f'<service name="{does}" .*?</service>', service, xml, count=1)
        assert count == 1
    theatre.stage = theatre._stack.enter_context(Stage(theatre.folder, xml, clock=theatre.clock))
    return theatre


def test_what_is_said_is_understood_and_what_is_written_is_heard(theatre: Theatre) -> None:
    with_dashscope(theatre.gate(*REPLIES, tokens_per_s=50, first_packet_ms=50))
    played = theatre.play(silence(), say("我的订单呢"), REPLY, silence(), say("谢谢"), REPLY, silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好" + "".join(REPLIES)
    assert [turn["caller"] for turn in played.record["turns"] if turn["caller"]] == ["我的订单呢", "谢谢"]
    assert [turn["heard"] for turn in played.record["turns"] if turn["caller"]] == list(REPLIES)
    told = played.record["providers"]
    assert (told["asr"], told["llm"]) == ("dashscope asr", "dashscope qwen-plus")
    names = [[one.what for one in visit.happened if one.way == "in"] for visit in theatre.gateway.seen("tts")]
    assert ["StartSynthesis"] in names and any("RunSynthesis" in one for one in names)  # a phrase, and a reply


def test_an_answer_that_the_inspection_stops_is_regretted_and_the_record_says_why(theatre: Theatre) -> None:
    with_dashscope(theatre.gate(*REPLIES, tokens_per_s=50), regret="再会。")
    with theatre.gateway.faults.set("generation", Fault("failed")):
        played = theatre.play(silence(), say("我的订单呢"), REPLY, END)
    assert played.conversation.heard_text() == "您好再会。"
    assert "DataInspectionFailed" in played.record["error"]


def test_a_gateway_that_was_restarted_is_not_noticed_by_the_next_caller(theatre: Theatre) -> None:
    """No token of before is known any more: the reply's connection is refused, and nobody hears of it."""
    with_dashscope(theatre.gate("好的。", tokens_per_s=50), apology="抱歉。")
    theatre.play(silence(), say("你好"), REPLY, silence(), HANG_UP)
    theatre.gateway.revoke_tokens()
    played = theatre.play(silence(), say("谢谢"), REPLY, silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好好的。" and played.record["error"] == ""
    assert [turn["heard"] for turn in played.record["turns"]] == ["好的。"]
    assert "HTTP 403" in [visit.ended for visit in theatre.gateway.seen("nls")]
