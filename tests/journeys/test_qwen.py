"""A whole call whose ears and voice are Qwen's."""

from __future__ import annotations

import re

from firstword.sim.stage import Place, Stage, configuration

from .conftest import HANG_UP, REPLY, Theatre, say, silence, wait

REPLIES = ("您的订单已经发货，预计明天到。", "不客气。")


def with_qwen(theatre: Theatre, mode: str) -> Theatre:
    gateway = theatre.gateway
    values = {"url": gateway.realtime_url, "api-key": gateway.api_key}
    services = {"asr": {**values, "silence-duration-ms": "350"}, "tts": {**values, "mode": mode}}
    profile = {"greeting": "您好", "goodbye": "再见", "vad": "level", "min_speech_ms": 60}
    xml = configuration(Place.of(gateway), profile)
    for does, settings in services.items():
        params = "".join(f'<param name="{name}" value="{value}"/>' for name, value in settings.items())
        service = f'<service name="{does}" does="{does}" vendor="qwen">{params}</service>'
        xml, count = re.subn(f'<service name="{does}" .*?</service>', service, xml, count=1)
        assert count == 1
    theatre.stage = theatre._stack.enter_context(Stage(theatre.folder, xml, clock=theatre.clock))
    return theatre


def test_what_is_written_is_heard_and_what_is_said_is_understood(theatre: Theatre) -> None:
    with_qwen(theatre.gate(*REPLIES, tokens_per_s=50, first_packet_ms=50), "server_commit")
    played = theatre.play(silence(), say("我的订单呢"), REPLY, silence(), say("谢谢"), REPLY, silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好" + "".join(REPLIES)
    assert [turn["caller"] for turn in played.record["turns"] if turn["caller"]] == ["我的订单呢", "谢谢"]
    assert [turn["heard"] for turn in played.record["turns"] if turn["caller"]] == list(REPLIES)
    assert (played.record["providers"]["asr"], played.record["providers"]["tts"]) == ("qwen asr", "qwen tts")


def test_an_interrupted_reply_ends_its_session_at_once_and_the_record_knows_what_was_heard(theatre: Theatre) -> None:
    story = "好，" + "一二三四五六七八九十，" * 10
    with_qwen(theatre.gate(story, "好的。", tokens_per_s=20, real_time_factor=0.5), "commit")
    played = theatre.play(silence(), say("讲"), REPLY, wait(2.0), say("停一下"), silence(), HANG_UP)
    first, second = played.record["turns"]
    heard = played.conversation.heard_text().removeprefix("您好").removesuffix("好的。").rstrip("\ufffd")
    assert first["interrupted"] and second["caller"] == "停一下"
    assert story.startswith(heard) and abs(len(first["heard"]) - len(heard)) <= 1
    visits = theatre.gateway.seen("qwen-tts")
    cancelled = next(visit for visit in visits if visit.text("input_text_buffer.append").startswith("好，一"))
    following = next(visit for visit in visits if visit.text("input_text_buffer.append") == "好的。")
    assert cancelled.ended == "client left"
    said = next(happened.at for happened in following.happened if happened.way == "in")  # it had waited as a spare
    assert cancelled.closed is not None and cancelled.closed < said
