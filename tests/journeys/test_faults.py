"""When something fails in the middle: one clear line, nothing lost, the dialplan goes on."""

from __future__ import annotations

import dataclasses
import threading

import pytest
from mock import Mock

from firstword.audio import tone
from firstword.gateway.faults import Fault
from firstword.host import service
from firstword.sim.caller import converse
from firstword.sim.script import Script
from firstword.sim.stage import Place
from firstword.turn import State

from .conftest import END, HANG_UP, REPLY, Theatre, say, silence, wait

APOLOGY = "抱歉"
REGRET = "再会"


def faulty(theatre: Theatre, service: str, fault: Fault, *replies: str, **profile: object) -> Theatre:
    theatre.gate(*(replies or ("好的，没问题。",)), tokens_per_s=50).set(apology=APOLOGY, regret=REGRET, **profile)
    theatre.gateway.faults.set(service, fault)
    return theatre


def test_a_model_that_fails_twice_is_apologised_for_and_the_call_goes_on(theatre: Theatre) -> None:
    faulty(theatre, "llm", Fault("status", 500, times=2), ahead_waste=0)
    played = theatre.play(silence(), say("查订单"), silence(), say("再查一次"), silence(), HANG_UP)
    assert played.conversation.heard_text() == f"您好{APOLOGY}好的，没问题。"
    assert (played.result, played.error) == ("hangup", "")


def test_a_model_that_fails_once_is_asked_again_and_nobody_hears_of_it(theatre: Theatre) -> None:
    faulty(theatre, "llm", Fault("status", 500, times=1), ahead_waste=0)
    played = theatre.play(silence(), say("查订单"), silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好好的，没问题。"
    assert played.record["switches"] == {}


def test_a_model_that_fails_while_it_thinks_ahead_is_asked_again_and_nobody_hears_of_it(theatre: Theatre) -> None:
    faulty(theatre, "llm", Fault("status", 500, times=1))
    played = theatre.play(silence(), say("查订单"), silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好好的，没问题。"


@pytest.mark.parametrize(
    ("service", "fault", "words"),
    [
        ("llm", Fault("status", 401), "HTTP 401"),
        ("llm", Fault("status", 429), "HTTP 429"),
        ("llm", Fault("refused"), "llm"),
        ("llm", Fault("malformed"), "openai"),
        ("asr", Fault("failed", 40000005), "40000005"),
        ("asr", Fault("cut", events=1), "asr"),
    ],
)
def test_a_service_that_keeps_failing_ends_the_call_with_regret_and_a_reason(
    theatre: Theatre, service: str, fault: Fault, words: str
) -> None:
    faulty(theatre, service, fault)
    played = theatre.play(silence(), say("查订单"), wait(1.2), say("查订单"), END)
    assert played.result == "error"
    assert played.conversation.heard_text().endswith(REGRET)
    assert words in played.error or service == "llm"
    assert "\n" not in played.error and played.error


def test_a_synthesiser_that_is_gone_ends_the_call_without_waiting(theatre: Theatre) -> None:
    faulty(theatre, "tts", Fault("failed", 41020001))
    played = theatre.play(END)
    assert (played.result, played.record["ended_by"]) == ("error", "error")
    assert "41020001" in played.error


def test_a_synthesis_cut_in_mid_sentence_plays_what_there_was_and_apologises(theatre: Theatre) -> None:
    reply = "好的，" + "一二三四五" * 6 + "。"
    theatre.gate(reply, tokens_per_s=200).set(apology=APOLOGY, greeting="")
    theatre.gateway.faults.set("tts", Fault("cut", bytes=8000, times=1))
    played = theatre.play(wait(0.2), say("讲"), silence(), HANG_UP)
    heard = played.conversation.heard_text()
    turn = played.record["turns"][0]
    assert heard.endswith(APOLOGY)
    before = heard.removesuffix(APOLOGY).rstrip("\ufffd")
    assert before and reply.startswith(before)
    assert abs(len(turn["heard"]) - len(before)) <= 1


def test_a_model_cut_in_mid_sentence_plays_what_there_was_and_apologises(theatre: Theatre) -> None:
    theatre.gate("好的，一二三四五六七八九十。", tokens_per_s=50).set(apology=APOLOGY, greeting="")
    theatre.gateway.faults.set("llm", Fault("cut", events=5, times=1))
    played = theatre.play(wait(0.2), say("讲"), silence(), HANG_UP)
    heard = played.conversation.heard_text()
    assert heard.endswith(APOLOGY)
    assert heard.removesuffix(APOLOGY).startswith("好的，一二三")
    assert played.record["turns"][0]["heard"] == heard.removesuffix(APOLOGY)


def test_a_recogniser_that_was_lost_is_started_again_and_hears_the_next_words(theatre: Theatre) -> None:
    theatre.gate("echo", tokens_per_s=100).set()
    theatre.gateway.faults.set("asr", Fault("cut", events=1, times=1))
    played = theatre.play(silence(), wait(0.5), say("寄到北京"), silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好寄到北京"


def test_a_reply_that_is_empty_is_apologised_for(theatre: Theatre) -> None:
    theatre.gate({"tokens": []}, "好的。").set(apology=APOLOGY)
    played = theatre.play(silence(), say("查订单"), silence(), HANG_UP)
    assert played.conversation.heard_text() == f"您好{APOLOGY}"


def test_a_reply_that_never_ends_is_ended_at_its_bound(theatre: Theatre) -> None:
    theatre.gate("好，" + "说" * 20_000, tokens_per_s=1000).set(reply_chars=40)
    played = theatre.play(silence(), say("讲"), silence(), HANG_UP)
    assert played.conversation.heard_text() == "您好好，" + "说" * 38
    assert played.record["turns"][0]["reply"] == "好，" + "说" * 38


def test_a_model_that_pauses_within_a_clause_is_heard_as_far_as_it_came_long_before_it_is_given_up(
    theatre: Theatre,
) -> None:
    theatre.gate("您的快递已经到了分拣中心", tokens_per_s=50).set(llm={"idle_ms": 30_000}, ahead_waste=0)
    theatre.gateway.faults.set("llm", Fault("silent", events=4))
    played = theatre.play(silence(), say("查订单"), silence(), HANG_UP)
    heard = played.conversation.heard_text()
    assert heard.startswith("您好您的快递") and "中心" not in heard
    assert played.record["turns"][0]["heard"] == heard.removeprefix("您好")


def test_a_model_that_says_nothing_is_given_up_after_its_bound(theatre: Theatre) -> None:
    faulty(theatre, "llm", Fault("silent", times=1), think_ms=1500, ahead_waste=0)
    played = theatre.play(silence(), say("查订单"), silence(), HANG_UP)
    assert played.conversation.heard_text() == f"您好{APOLOGY}"


def test_a_gateway_that_can_not_be_reached_is_named_in_the_error(theatre: Theatre) -> None:
    theatre.gate()
    nowhere = dataclasses.replace(
        Place.of(theatre.gateway), ws_url="ws://127.0.0.1:9/ws/v1", token_url="http://127.0.0.1:9"
    )
    theatre.set(nowhere)
    played = theatre.play(END)
    assert played.result == "error"
    assert "127.0.0.1:9" in played.error


def test_a_wrong_key_is_told_as_such_and_not_shown(theatre: Theatre) -> None:
    theatre.gate().set(tts={"access_key_secret": "topsecretwrong"}, asr={"access_key_secret": "topsecretwrong"})
    played = theatre.play(END)
    assert played.result == "error"
    assert "access_key_secret" in played.error
    assert "topsecretwrong" not in played.error + "".join(text for _, text in theatre.stage.switch.log)


def test_a_wrong_token_is_refused_with_403(theatre: Theatre) -> None:
    theatre.gate().set(tts={"token": "not-a-token"}, asr={"token": "not-a-token"})
    played = theatre.play(END)
    assert "HTTP 403" in played.error
    assert "not-a-token" not in played.error


def test_an_unknown_profile_gets_one_line_and_the_dialplan_goes_on(theatre: Theatre) -> None:
    theatre.gate().set()
    call = theatre.stage.switch.call(dialplan=[("answer", ""), ("python", "voicebot defualt"), ("set", "went_on=true")])
    assert call.wait(10)
    assert call.variables["firstword_result"] == "error"
    assert call.variables["firstword_error"] == "there is no profile 'defualt' (did you mean 'default'?)"
    assert [action for action, _, _ in call.went_on] == ["answer", "python", "set"]


def test_an_unknown_setting_refuses_the_configuration_but_a_running_one_stays_in_force(theatre: Theatre) -> None:
    theatre.gate().set()
    good = theatre.stage.switch.configuration
    theatre.stage.switch.configuration = good.replace('name="greeting"', 'name="greting"')
    answer = theatre.stage.switch.api("python voicebot reload")
    assert (
        answer
        == "-ERR profile 'default': unknown setting 'greting' (did you mean 'greeting'?); what was in force stays\n"
    )
    assert theatre.play(silence(), HANG_UP).conversation.heard_text() == "您好"
    theatre.stage.switch.configuration = good.replace("您好", "早上好")
    assert theatre.stage.switch.api("python voicebot reload") == "+OK reloaded: configuration\n"
    assert theatre.play(silence(), HANG_UP).conversation.heard_text() == "早上好"


def test_a_key_that_is_not_set_is_named(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NLS_APPKEY", raising=False)
    theatre.gate().set(tts={"appkey": "env:NLS_APPKEY"})
    call = theatre.stage.switch.call("voicebot default")
    assert call.wait(10)
    assert call.variables["firstword_error"] == "service 'tts': appkey: the environment variable NLS_APPKEY is not set"


def test_a_media_clock_that_dies_ends_its_calls_and_the_next_call_gets_a_new_one(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    theatre.gate().set()

    def die(text: str) -> None:
        monkeypatch.setattr(service.current().media, "_tick", Mock(side_effect=RuntimeError("broken on purpose")))

    played = theatre.stage.play(Script((wait(0.2), END), byte_ms=20), on_step=die)
    assert (played.result, played.error) == ("error", "the media clock has stopped")
    assert theatre.play(silence(), HANG_UP).conversation.heard_text() == "您好"


def test_a_media_clock_that_hangs_does_not_hang_the_channel(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    theatre.gate().set()
    go_on = threading.Event()

    def hang(text: str) -> None:
        monkeypatch.setattr(service.current().media, "_tick", lambda due: go_on.wait(30) and due)

    played = theatre.stage.play(Script((wait(0.2), END), byte_ms=20), on_step=hang)
    assert (played.result, played.error) == ("error", "the media clock has stopped")
    go_on.set()
    assert theatre.play(silence(), HANG_UP).conversation.heard_text() == "您好"


@pytest.mark.parametrize("state", ["LISTENING", "HEARING", "SETTLING", "THINKING", "SPEAKING", "CLOSING"])
def test_a_hang_up_in_every_state_ends_the_call_cleanly(theatre: Theatre, state: str) -> None:
    theatre.gate("好的，" + "一二三四五" * 10, first_token_ms=800, tokens_per_s=50, final_ms=400).set(
        goodbye="再" * 60, stable_ms=5000, ahead_waste=0
    )
    steps = {
        "LISTENING": [silence()],
        "HEARING": [silence()],
        "SETTLING": [silence(), say("查一下订单"), wait(0.62)],
        "THINKING": [silence(), say("查一下订单"), wait(1.4)],
        "SPEAKING": [silence(), say("查一下订单"), REPLY, wait(0.3)],
        "CLOSING": [silence(), say("那就再见"), REPLY, wait(0.3)],
    }[state]
    states = []

    def watch(text: str) -> None:
        if text == "hang_up":
            states.extend(call.turn.state for call in service.current().calls().values())

    if state == "HEARING":  # the caller is still speaking: what he says is put into his mouth before
        call = theatre.stage.switch.call("voicebot default")
        theatre.clock.sleep(1.0)
        call.line.say(tone.speak("一二三四五六七八九十" * 3, 8000, 20))
        conversation = converse(call, Script((wait(0.6), HANG_UP), byte_ms=20), theatre.clock, watch)
    else:
        played = theatre.stage.play(Script((*steps, HANG_UP), byte_ms=20), on_step=watch)
        call, conversation = played.call, played.conversation
    assert states == [State[state]]
    assert (call.variables["firstword_result"], conversation.failure) == ("hangup", "")
