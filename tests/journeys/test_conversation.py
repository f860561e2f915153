"""A call from the greeting to the goodbye, heard by the caller's ear."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from firstword.call.history import MARK
from firstword.gateway.engines import Wish
from firstword.gateway.minds import ScriptedMind
from firstword.sim.script import Press, Script, WaitFor
from firstword.sim.stage import Place, Stage, configuration

from .conftest import END, HANG_UP, REPLY, Theatre, say, silence, wait


class Remembering(ScriptedMind):
    """Keeps what it was asked."""

    def __init__(self, replies: list[Any]) -> None:
        super().__init__(replies)
        self.asked: list[list[Mapping[str, Any]]] = []

    def answer(self, messages: Sequence[Mapping[str, Any]], wish: Wish) -> Any:
        self.asked.append(list(messages))
        return super().answer(messages, wish)


def test_a_caller_asks_hears_the_answer_and_says_goodbye(theatre: Theatre) -> None:
    theatre.gate("好的，我来查一下。", "一共三件。", first_token_ms=100, tokens_per_s=50).set()
    played = theatre.play(silence(), say("查订单"), silence(), say("几件"), silence(), say("谢谢，再见"), END)
    assert played.conversation.failure == ""
    assert played.conversation.heard_text() == "您好好的，我来查一下。一共三件。再见"
    assert (played.result, played.error) == ("completed", "")
    turns = played.record["turns"]
    assert [(turn["caller"], turn["reply"], turn["heard"], turn["interrupted"]) for turn in turns] == [
        ("查订单", "好的，我来查一下。", "好的，我来查一下。", False),
        ("几件", "一共三件。", "一共三件。", False),
    ]
    assert played.call.variables["firstword_turns"] == "2"
    assert int(played.call.variables["firstword_first_word_ms"]) > 300


def test_the_marks_of_a_turn_are_in_order_and_count_from_the_callers_last_speech(theatre: Theatre) -> None:
    theatre.gate("好的，马上。", first_token_ms=200, tokens_per_s=50, first_packet_ms=100).set(
        startup_ms=0, ahead_waste=0
    )
    played = theatre.play(silence(), say("查订单"), silence(), HANG_UP)
    ms = played.record["turns"][0]["ms"]
    assert 350 <= ms["endpoint"] <= 650
    assert ms["first_token"] >= ms["endpoint"] + 200
    assert ms["first_token"] <= ms["first_piece"] <= ms["first_audio"] <= ms["first_word"]
    assert ms["first_audio"] >= ms["first_piece"] + 100


@pytest.mark.parametrize(
    "reply",
    [
        "1",
        "你好🙂，请稍等👩‍💻。",
        "Hello, this is Ann: how can I help you today?",
        "您的单号是 SF-1381234567，共 3 件，合计￥58.90（含税）。\n\n1. 周一到\n2. 周二到  ",
        "好，" + "一二三四五六七八九十" * 12 + "。",
    ],
    ids=["one digit", "emoji", "English", "mixed", "long"],
)
def test_what_the_caller_hears_is_what_the_model_said_to_the_character(theatre: Theatre, reply: str) -> None:
    # As it is written: this is about characters that arrive, not about how they are read.
    theatre.gate(reply, tokens_per_s=200).set(greeting="", reading="false")
    played = theatre.play(wait(0.2), say("说"), silence(), HANG_UP)
    assert played.conversation.heard_text() == reply
    turn = played.record["turns"][0]
    assert (turn["reply"], turn["heard"], turn["interrupted"]) == (reply, reply, False)


def test_what_is_written_for_the_eye_is_heard_in_words_and_the_record_keeps_what_the_model_wrote(
    theatre: Theatre,
) -> None:
    reply = "**好的**😀，需要：\n\n1. 身份证[1]\n2. [户口本](https://a.com)\n\n```sh\nls\n```\n重庆见。"
    theatre.gate(reply, tokens_per_s=200).set(greeting="**您好**", lexicon="重庆=chong2 qing4/虫庆")
    played = theatre.play(silence(), say("说"), silence(), HANG_UP)
    spoken = "好的，需要：第一，身份证。第二，户口本。这里有一段代码。虫庆见。"
    assert played.conversation.heard_text() == "您好" + spoken
    turn = played.record["turns"][0]
    assert (turn["reply"], turn["heard"], turn["interrupted"]) == (reply, reply, False)


def test_who_interrupts_has_heard_what_the_model_wrote_so_far_with_its_markup(theatre: Theatre) -> None:
    story = "".join(f"{number}. **说** [话](https://a.com/{number})\n" for number in range(1, 60))
    mind = Remembering([story, "好的。"])
    theatre.gate(mind=mind, tokens_per_s=200).set(greeting="")
    played = theatre.play(wait(0.2), say("讲"), REPLY, wait(3.0), say("停一下"), silence(), HANG_UP)
    first = played.record["turns"][0]
    heard = played.conversation.heard_text().removesuffix("好的。").rstrip("\ufffd")
    assert first["interrupted"] and first["reply"].startswith(first["heard"]) and story.startswith(first["reply"])
    assert abs(first["heard"].count("说") - heard.count("说")) <= 1 and heard.count("说") >= 2
    assert mind.asked[-1][-2] == {"role": "assistant", "content": first["heard"] + MARK}


def test_a_barge_in_stops_the_reply_and_the_history_keeps_what_was_heard(theatre: Theatre) -> None:
    story = "好，" + "一二三四五六七八九十" * 10
    mind = Remembering([story, "好的。"])
    theatre.gate(mind=mind, tokens_per_s=100).set()
    played = theatre.play(silence(), say("讲"), REPLY, wait(2.0), say("停一下"), silence(), HANG_UP)
    first, second = played.record["turns"]
    heard = played.conversation.heard_text().removeprefix("您好").removesuffix("好的。").rstrip("\ufffd")
    assert first["interrupted"]
    assert story.startswith(heard)
    assert abs(len(first["heard"]) - len(heard)) <= 1
    assert second["caller"] == "停一下"
    assert mind.asked[-1][-2:] == [
        {"role": "assistant", "content": first["heard"] + MARK},
        {"role": "user", "content": "停一下"},
    ]


def test_a_barge_in_cancels_the_model_and_the_synthesiser(theatre: Theatre) -> None:
    theatre.gate("好，" + "说" * 400, "停了。", tokens_per_s=20).set()
    theatre.play(silence(), say("讲"), REPLY, wait(1.0), say("停一下"), silence(), HANG_UP)
    for service, interrupted in (("llm", 0), ("tts", 1)):  # the first synthesis is the greeting
        # In the order of their first messages: a connection may have been waiting as a spare.
        visits = sorted(theatre.gateway.seen(service), key=lambda visit: visit.happened[0].at)
        cancelled, following = visits[interrupted : interrupted + 2]
        assert cancelled.ended == "client left"
        assert cancelled.closed is not None and cancelled.closed < following.happened[0].at, (
            f"{service} went on after the interruption"
        )


def test_a_caller_who_goes_on_while_we_think_gets_one_answer_to_both(theatre: Theatre) -> None:
    theatre.gate("echo", first_token_ms=1500, tokens_per_s=100).set()
    played = theatre.play(silence(), say("寄到北京"), wait(1.0), say("多少钱"), silence(), HANG_UP)
    assert [turn["caller"] for turn in played.record["turns"]] == ["寄到北京多少钱"]
    assert played.conversation.heard_text() == "您好寄到北京多少钱"


def test_a_key_stops_what_is_being_said(theatre: Theatre) -> None:
    theatre.gate("好，" + "说" * 200, tokens_per_s=100).set()
    played = theatre.play(silence(), say("讲"), REPLY, wait(0.5), Press("1"), wait(1.5), HANG_UP)
    assert played.record["turns"][0]["interrupted"]
    assert len(played.record["turns"][0]["heard"]) < 30


def test_a_silent_caller_is_reminded_and_then_the_call_times_out(theatre: Theatre) -> None:
    theatre.gate().set(idle_ms=800, reminders=1, reminder="还在吗")
    played = theatre.play(END)
    assert played.conversation.heard_text() == "您好还在吗再见"
    assert (played.result, played.record["ended_by"]) == ("timeout", "timeout")


def test_reasoning_is_not_spoken(theatre: Theatre) -> None:
    theatre.gate({"text": "三十元。", "thinking": "用户想查账单"}).set()
    played = theatre.play(silence(), say("账单"), silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好三十元。"


def test_two_calls_at_once_keep_to_themselves(theatre: Theatre) -> None:
    theatre.gate("echo", tokens_per_s=100).set(greeting="")
    scripts = [Script((wait(0.3), say(text), silence(), HANG_UP), byte_ms=20) for text in ("苹果在哪里", "橘子多少钱")]
    played = theatre.stage.play_all(scripts)
    assert [one.conversation.heard_text() for one in played] == ["苹果在哪里", "橘子多少钱"]


def test_a_line_of_16_khz_and_a_synthesiser_of_24_khz_fit_together(theatre: Theatre) -> None:
    theatre.gate("好的，十六千赫。", tokens_per_s=100)
    xml = configuration(
        Place.of(theatre.gateway), {"greeting": "您好", "rate": 16000, "vad": "level"}, tts={"sample_rate": 24000}
    )
    with Stage(theatre.folder, xml, rate=16000, clock=theatre.clock) as theatre.stage:
        played = theatre.play(silence(), say("查"), silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好好的，十六千赫。"


def test_the_operator_sees_a_call_speaks_in_it_and_ends_it(theatre: Theatre) -> None:
    theatre.gate("echo").set()
    answers = {}

    def watch(step: str) -> None:
        if step.startswith("wait_for: words"):
            uuid = next(iter(theatre.stage.switch.calls))
            for command in (
                "help",
                "status",
                "calls",
                f"call {uuid}",
                f"say {uuid} 请稍等",
                "say nobody hello",
                "hungup x",
            ):
                answers[command.split()[0] + ("!" if "nobody" in command else "")] = theatre.stage.switch.api(
                    f"python voicebot {command}"
                )
        if step == "wait_for: end":
            uuid = next(iter(theatre.stage.switch.calls))
            answers["hangup"] = theatre.stage.switch.api(f"python voicebot hangup {uuid}")

    script = Script((silence(), WaitFor("words", "请稍等"), END), byte_ms=20)
    played = theatre.stage.play(script, on_step=watch)
    assert played.conversation.failure == ""
    assert "python voicebot calls" in answers["help"]
    assert "calls: 1 now" in answers["status"]
    assert answers["calls"].splitlines()[1].split()[1:4] == ["default", "listening", "0"]
    assert answers["say"] == answers["hangup"] == "+OK\n"
    assert answers["say!"].startswith("-ERR there is no call 'nobody'")
    assert answers["hungup"] == "-ERR unknown command 'hungup' (did you mean 'hangup'?); try: help\n"
    assert (played.result, played.record["ended_by"]) == ("completed", "bot")


def test_the_record_is_one_line_of_json_per_call(theatre: Theatre) -> None:
    theatre.gate("echo").set()
    theatre.play(silence(), HANG_UP)
    theatre.play(silence(), HANG_UP)
    lines = (theatre.folder / "log" / "firstword.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert all(
        json.loads(line)["providers"] == {"asr": "aliyun asr", "llm": "openai qwen-plus", "tts": "aliyun tts"}
        for line in lines
    )


def test_what_a_long_call_has_dropped_is_told_to_the_model_in_a_line(theatre: Theatre) -> None:
    mind = ScriptedMind(
        match=[("客户：我叫王芳", "客户叫王芳。"), (r"客户叫王芳。(.|\n)*我是谁", "您是王芳。")], otherwise="echo"
    )
    theatre.gate(mind=mind, tokens_per_s=200).set(history_turns=1, history_summary="概括", ahead_waste=0)
    played = theatre.play(
        silence(), say("我叫王芳"), silence(), say("查订单"), silence(), say("我是谁"), silence(), HANG_UP
    )
    assert played.conversation.heard_text() == "您好我叫王芳查订单您是王芳。"
