"""Who holds the floor, at the caller's ear: what a sound of theirs does to a reply, and when they have finished."""

from __future__ import annotations

import pytest

from firstword.sim.room import Noise
from firstword.sim.script import MakeNoise, Pause, Press, SayInParts, WaitFor

from .conftest import END, HANG_UP, REPLY, Theatre, say, silence, wait

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


def test_a_cough_and_a_knock_hold_a_reply_and_none_of_it_is_lost(theatre: Theatre) -> None:
    theatre.gate(STORY, tokens_per_s=100).set(vad="webrtc")
    noises = (MakeNoise(Noise("cough", 200, -24)), MakeNoise(Noise("knock", 150, -24)))
    played = theatre.play(
        silence(), say("讲"), REPLY, wait(1.2), noises[0], wait(1.5), noises[1], WaitFor("silence", silence=2), HANG_UP
    )
    assert lost(played.conversation.heard_text().removeprefix("您好"), STORY) == ""
    (turn,) = played.record["turns"]
    assert (turn["heard"], turn["interrupted"]) == (STORY, False)


def test_a_legal_notice_is_heard_whole_whatever_the_caller_says(theatre: Theatre) -> None:
    notice = "本次通话将被录音用于提升服务质量"
    theatre.gate("echo", tokens_per_s=100).set(
        notice=notice, echo="false"
    )  # a syllable of 60 ms is over before it is known to be no echo
    played = theatre.play(REPLY, wait(0.3), say("停下来"), silence(), HANG_UP)
    assert played.conversation.heard_text() == f"{notice}停下来您好", "what was said meanwhile is answered"


def test_the_answer_to_a_pause_is_thought_ahead_and_there_when_the_caller_has_finished(theatre: Theatre) -> None:
    theatre.gate("好的，马上。", first_token_ms=400, tokens_per_s=50).set(endpoint_ms=700)
    played = theatre.play(silence(), say("查订单"), silence(), HANG_UP)
    ahead, ms = played.record["ahead"], played.record["turns"][0]["ms"]
    assert (ahead["used"], ahead["tokens_wasted"]) == (1, 0)
    assert ahead["gained_ms"] > 300, "of the 700 ms of silence"
    assert ms["first_token"] < ms["endpoint"] + 200


def test_words_that_go_on_after_the_pause_make_the_answer_another_one(theatre: Theatre) -> None:
    theatre.gate("echo", first_token_ms=100, tokens_per_s=50).set(endpoint_ms=900)
    said = SayInParts(("查订单", Pause(0.5), "和账单"), 20)
    played = theatre.play(silence(), said, silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好查订单和账单"
    ahead = played.record["ahead"]
    assert ahead["begun"] > ahead["used"] == 1
    assert ahead["tokens_wasted"] > 0
    assert [turn["caller"] for turn in played.record["turns"]] == ["查订单和账单"]


@pytest.mark.parametrize(
    ("first_token_ms", "turns"), [(900, ["查订单和账单"]), (20, ["查订单", "和账单"])], ids=["not audible", "audible"]
)
def test_who_goes_on_before_the_recogniser_has_ended_the_sentence_is_answered_with_all_of_it(
    theatre: Theatre, first_token_ms: int, turns: list[str]
) -> None:
    theatre.gate("echo", first_token_ms=first_token_ms, tokens_per_s=50, first_packet_ms=20)
    theatre.set(asr={"max_sentence_silence": 1300}, endpoint_ms=300, endpoint_least_ms=300)
    said = SayInParts(("查订单", Pause(0.8), "和账单"), 20)
    played = theatre.play(silence(), said, REPLY, silence(), HANG_UP)
    assert [turn["caller"].strip("。") for turn in played.record["turns"]] == turns
    assert played.conversation.heard_text().endswith(turns[-1])


def test_a_slow_answer_is_filled_and_the_history_does_not_know(theatre: Theatre) -> None:
    theatre.gate("到了。", first_token_ms=2500).set(filler="请稍等", filler_ms=600, ahead_waste=0)
    played = theatre.play(silence(), say("到了吗"), WaitFor("silence", silence=2.5), HANG_UP)
    assert played.conversation.heard_text() == "您好请稍等到了。"
    assert played.record["turns"][0]["heard"] == "到了。"


def test_an_answer_that_is_there_is_not_filled(theatre: Theatre) -> None:
    theatre.gate("到了。", first_token_ms=50, tokens_per_s=50).set(filler="请稍等", filler_ms=600)
    played = theatre.play(silence(), say("到了吗"), silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好到了。"


def test_a_silent_caller_is_asked_in_other_words_and_then_said_goodbye_to(theatre: Theatre) -> None:
    theatre.gate().set(idle_ms=700, reminders=2, reminder="还在吗|听得到吗")
    played = theatre.play(END)
    assert played.conversation.heard_text() == "您好还在吗听得到吗再见"
    assert played.result == "timeout"


def test_the_longest_call_is_told_before_it_ends(theatre: Theatre) -> None:
    theatre.gate().set(call_ms=4000, warning="还有一分钟", warning_ms=2500, idle_ms=60_000)
    played = theatre.play(END)
    assert played.conversation.heard_text() == "您好还有一分钟再见"


def test_a_model_that_stalls_in_mid_sentence_is_spoken_about(theatre: Theatre) -> None:
    story = {"tokens": ["好的，", {"text": "马上。", "delay_ms": 20_000}]}
    theatre.gate(story).set(llm={"idle_ms": 1000}, apology="抱歉")
    played = theatre.play(silence(), say("查订单"), WaitFor("silence", silence=2.5), HANG_UP)
    assert played.conversation.heard_text() == "您好好的，抱歉"


def test_keys_are_told_to_the_model_and_interrupt(theatre: Theatre) -> None:
    theatre.gate(STORY, "echo", tokens_per_s=100).set()
    played = theatre.play(silence(), say("讲"), REPLY, wait(0.5), Press("138#"), silence(), HANG_UP)
    assert played.record["turns"][0]["interrupted"]
    assert played.record["turns"][1]["caller"] == "（按键：138）"


def test_a_callee_speaks_first_and_is_greeted(theatre: Theatre) -> None:
    theatre.gate("echo", tokens_per_s=100).set(wait_first_ms=3000)
    played = theatre.play(wait(0.3), say("喂"), silence(), say("什么事"), silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好什么事"


def test_a_machine_that_answers_our_call_is_not_talked_to(theatre: Theatre) -> None:
    theatre.gate("echo").set(wait_first_ms=3000)
    played = theatre.play(wait(0.2), say("请在提示音后留言"), END)
    assert played.conversation.heard_text() == ""
    assert (played.result, played.error) == ("completed", "voicemail")
