"""Phrases that are kept: heard at once, and heard when the synthesiser is what has failed."""

from __future__ import annotations

from firstword import threads
from firstword.clock import SYSTEM
from firstword.gateway.faults import Fault

from .conftest import END, HANG_UP, REPLY, Theatre, say, silence, wait

GREETING, APOLOGY, REGRET, GOODBYE = "您好", "抱歉", "再会", "再见"
PHRASES = {
    "apology": APOLOGY, "regret": REGRET, "unheard": "没听清", "reminder": "还在吗", "filler": "稍等", "handover": "转接中",
}  # fmt: skip


def warmed(theatre: Theatre, *replies: str, **profile: object) -> Theatre:
    """A theatre whose phrases are prepared."""
    theatre.gate(*(replies or ("好的，没问题。",)), tokens_per_s=50)
    theatre.set(settings={"warm_phrases": "true"}, **{**PHRASES, **profile})
    deadline = SYSTEM.deadline(20)
    while "phrases" in threads.alive():
        assert not deadline.passed()
        SYSTEM.sleep(0.01)
    return theatre


def test_the_greeting_costs_no_connection_to_the_synthesiser(theatre: Theatre) -> None:
    warmed(theatre)
    spoken = theatre.gateway.seen("tts")
    assert [visit.text("RunSynthesis") for visit in spoken] == [GREETING, GOODBYE, *PHRASES.values()]
    played = theatre.play(silence(), say("再见"), END)
    assert played.conversation.heard_text() == GREETING + GOODBYE
    assert len(theatre.gateway.seen("tts")) == len(spoken)
    assert {visit.service for visit in theatre.gateway.seen()} <= {"tts", "asr", "token", "nls"}  # nls: spares


def test_a_caller_is_greeted_and_told_what_is_wrong_though_the_synthesiser_has_died(theatre: Theatre) -> None:
    warmed(theatre)
    theatre.gateway.faults.set("tts", Fault("refused"))
    played = theatre.play(silence(), say("查订单"), silence(), HANG_UP)
    assert played.conversation.heard_text() == GREETING + APOLOGY
    assert (played.result, played.error) == ("hangup", "")


def test_if_it_stays_dead_the_caller_hears_regret_and_the_dialplan_why(theatre: Theatre) -> None:
    warmed(theatre)
    theatre.gateway.faults.set("tts", Fault("refused"))
    played = theatre.play(silence(), say("查订单"), silence(), say("查订单"), END)
    assert played.conversation.heard_text() == GREETING + APOLOGY + REGRET
    assert played.result == "error" and "tts" in played.error


def test_without_a_warm_up_a_phrase_is_kept_once_it_was_spoken_for_all_calls(theatre: Theatre) -> None:
    theatre.gate().set(**PHRASES)
    for _ in range(3):
        assert theatre.play(silence(), HANG_UP).conversation.heard_text() == GREETING
    assert [visit.text("RunSynthesis") for visit in theatre.gateway.seen("tts")] == [GREETING]


def test_a_reload_has_the_new_phrases_synthesised(theatre: Theatre) -> None:
    warmed(theatre)
    theatre.stage.switch.configuration = theatre.stage.switch.configuration.replace(GREETING, "早上好")
    assert theatre.stage.switch.api("python voicebot reload").startswith("+OK")
    assert theatre.play(silence(), HANG_UP).conversation.heard_text() == "早上好"


def test_what_was_heard_of_a_phrase_from_memory_is_known_to_the_character(theatre: Theatre) -> None:
    greeting = "您好，" + "一二三四五六七八九十" * 4
    warmed(theatre, greeting=greeting)
    played = theatre.play(REPLY, wait(1.5), say("停一下"), silence(), HANG_UP)
    phrase = played.record["phrases"][0]
    heard = played.conversation.heard_text().removesuffix("好的，没问题。").rstrip("\ufffd")
    assert phrase["interrupted"] and len(heard) > 10
    assert greeting.startswith(heard)
    assert abs(len(phrase["heard"]) - len(heard)) <= 1
