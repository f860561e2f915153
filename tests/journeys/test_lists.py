"""Lists of services where one fails for long, where all fail, and where there is room for so many only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import pytest

from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.sim.script import Script, Step, WaitFor
from firstword.sim.stage import Place, Played, Stage, configuration

from .conftest import BYTE_MS, END, HANG_UP, Theatre, say, silence, wait
from .services import VENDORS

GREETING, APOLOGY, REGRET = "您好", "抱歉", "再会"
ANSWER = "好的，没问题，马上就办。"


def words(text: str) -> WaitFor:
    return WaitFor("words", words=text, within=8.0)


HELLO, DONE = words(GREETING), words(ANSWER[-4:])


class Pair:
    """Two gateways, `near` and `far`; the lists of the profile ask the services of the first before those of the second."""

    def __init__(self, theatre: Theatre, *replies: object) -> None:
        self.theatre = theatre
        theatre.gate(*(replies or (ANSWER,)), tokens_per_s=200)
        self.near = theatre.gateway
        made = GatewayOptions(byte_ms=BYTE_MS, tokens_per_s=200)
        mind = ScriptedMind(list(replies or (ANSWER,)))  # type: ignore[arg-type]
        self.far = theatre._stack.enter_context(Gateway(made, mind=mind, clock=theatre.clock))

    def set(
        self,
        lists: Mapping[str, str] = {},
        most: Mapping[str, int] = {},
        settings: Mapping[str, object] = {},
        voice: str = "nls tts",
        **profile: object,
    ) -> Pair:
        others = []
        for place, gateway in (("near", self.near), ("far", self.far)):
            for kind, name in (("tts", voice), ("asr", "nls asr"), ("llm", "openai")):
                title = f"{place}-{kind}"
                values = {**VENDORS[name].settings(gateway), "most": most.get(title, 0)}
                others.append((title, kind, VENDORS[name].vendor, values))
        every = {kind: f"near-{kind}|far-{kind}" for kind in ("asr", "llm", "tts")} | dict(lists)
        every |= {"greeting": GREETING, "apology": APOLOGY, "regret": REGRET, "goodbye": "再见"}
        usual = {"vad": "level", "min_speech_ms": 60, "ahead_waste": 0}
        xml = configuration(Place.of(self.near), {**usual, **every, **profile}, settings=settings, others=others)
        theatre = self.theatre
        theatre.stage = theatre._stack.enter_context(Stage(theatre.folder, xml, clock=theatre.clock))
        return self

    def play(self, *steps: Step, at: Mapping[str, Callable[[], object]] = {}) -> Played:
        """Play a call; `at` a step of these words something is done."""
        script = Script(steps, byte_ms=BYTE_MS)
        return self.theatre.stage.play(script, on_step=lambda text: at.get(text, lambda: None)())

    def beside(self) -> dict[str, str]:
        """Another call, which is over: its variables."""
        call = self.theatre.stage.switch.call("voicebot default")
        assert call.wait(10)
        return {**call.variables, "answered": str(call.channel.answered)}

    def status(self) -> dict[str, str]:
        """What the status says of each service."""
        lines = self.theatre.stage.switch.api("python voicebot status").splitlines()
        told = [line.removeprefix("service ").split(" (", 1) for line in lines if line.startswith("service ")]
        return {name: rest.split("): ", 1)[1] for name, rest in told}


def test_a_service_that_keeps_failing_is_passed_over_and_the_next_reply_begins_at_the_good_one(
    theatre: Theatre,
) -> None:
    pair = Pair(theatre).set(settings={"breaker_failures": 2})
    pair.near.faults.set("tts", Fault("status", 503))
    told: list[int] = []
    count = {"say: 丙": lambda: told.append(len(pair.near.seen("tts")))}
    played = pair.play(HELLO, say("甲"), DONE, say("丙"), DONE, HANG_UP, at=count)
    assert played.conversation.heard_text() == GREETING + ANSWER * 2
    assert told == [2] and len(pair.near.seen("tts")) == 2, "the greeting, the first answer, and then never more"
    assert played.record["switches"] == {"tts": 2}
    standing = pair.status()["near-tts"]
    assert standing.startswith("passed over for ") and "HTTP 503" in standing
    assert pair.status()["far-tts"] == "healthy, 0 sessions"
    lines = [line for _, line in theatre.stage.switch.log if "passed over" in line]
    assert len(lines) == 1, lines
    doctor = theatre.stage.switch.api("python voicebot doctor")
    assert "FAIL  calls to near-tts (aliyun tts)" in doctor and "ok    calls to far-tts (aliyun tts)" in doctor


def test_a_service_that_is_well_again_is_found_out_by_the_next_piece_of_work(theatre: Theatre) -> None:
    pair = Pair(theatre).set(settings={"breaker_failures": 1, "breaker_s": 0.5})
    pair.near.faults.set("llm", Fault("status", 503))
    mend = {"say: 丙": lambda: pair.near.faults.clear("llm")}
    played = pair.play(HELLO, say("甲"), DONE, say("丙"), DONE, HANG_UP, at=mend)
    assert played.conversation.heard_text() == GREETING + ANSWER * 2
    assert pair.status()["near-llm"] == "healthy, 0 sessions"
    assert any("near-llm (openai qwen-plus) works again" in line for _, line in theatre.stage.switch.log)


@pytest.mark.parametrize("kind", ["tts", "llm", "asr"])
def test_if_everything_fails_the_caller_hears_a_kept_phrase_and_the_dialplan_gets_an_error(
    theatre: Theatre, kind: str
) -> None:
    pair = Pair(theatre).set(settings={"warm_phrases": "true"})

    def fail() -> None:
        for gateway in (pair.near, pair.far):
            gateway.faults.set(kind, Fault("refused"))

    kept = lambda: all(len(gateway.seen("tts")) >= 4 for gateway in (pair.near, pair.far))  # noqa: E731
    assert pair.near.wait(kept, 5) and pair.far.wait(kept, 5)
    if kind == "asr":
        fail()
    played = pair.play(HELLO, say("甲"), wait(1.0), say("丙"), END, at={"say: 甲": fail} if kind != "asr" else {})
    assert played.conversation.heard_text().endswith(REGRET)
    assert (
        kind == "asr" or "\ufffd" not in played.conversation.heard_text()
    )  # that one does not even let the greeting end
    assert (played.result, played.record["ended_by"]) == ("error", "error") and played.error


def test_a_call_for_which_every_recogniser_is_full_is_busy_before_it_is_answered(theatre: Theatre) -> None:
    pair = Pair(theatre).set(most={"near-asr": 1, "far-asr": 1})
    told: dict[str, dict[str, str]] = {}

    def third() -> None:
        told["third"] = pair.beside()
        told["status"] = pair.status()

    def second() -> None:
        told["second"] = dict(pair.play(HELLO, say("甲"), DONE, HANG_UP, at={"say: 甲": third}).record["providers"])

    first = pair.play(HELLO, say("甲"), DONE, HANG_UP, at={"say: 甲": second})
    assert first.record["providers"]["asr"] == "near-asr (aliyun asr)"
    assert told["second"]["asr"] == "far-asr (aliyun asr)"
    assert (told["third"]["firstword_result"], told["third"]["answered"]) == ("busy", "False")
    assert told["third"]["firstword_error"] == "as many sessions as `most` allows are in use at near-asr, far-asr"
    assert told["status"]["near-asr"].startswith("healthy, 1 of 1 sessions")
    assert pair.status()["near-asr"].startswith("healthy, 0 of 1 sessions")
    assert theatre.stage.switch.api("python voicebot status").splitlines()[1] == (
        "calls: 0 now, 2 finished, 0 failed, 1 refused"
    )
    assert pair.play(HELLO, HANG_UP).result == "hangup"


def test_by_choice_such_a_call_waits_until_there_is_room(theatre: Theatre) -> None:
    pair = Pair(theatre).set({"asr": "near-asr"}, most={"near-asr": 1}, full="wait", full_ms=8000)
    told: list[Played] = []
    second = threading.Thread(target=lambda: told.append(pair.play(HELLO, HANG_UP)))
    first = pair.play(HELLO, say("甲"), DONE, HANG_UP, at={"say: 甲": second.start})
    second.join(10)
    assert [first.result, told[0].result] == ["hangup", "hangup"]
    assert told[0].conversation.heard_text() == GREETING
    assert first.conversation.ended <= told[0].conversation.arrivals[0] + 0.3, (
        "it was answered when the first had ended"
    )


def test_speech_for_which_one_service_has_no_room_is_spoken_by_the_next_or_waits_for_it(theatre: Theatre) -> None:
    pair = Pair(theatre).set(most={"near-tts": 1, "far-tts": 1}, full="wait")
    told: list[Played] = []
    calls = [threading.Thread(target=lambda: told.append(pair.play(HELLO, say("甲"), DONE, HANG_UP))) for _ in range(3)]
    for call in calls:
        call.start()
    for call in calls:
        call.join(20)
    assert [played.conversation.heard_text() for played in told] == [GREETING + ANSWER] * 3
    assert {"near-tts (aliyun tts)", "far-tts (aliyun tts)"} <= {
        title for played in told for title in played.record["providers"]["tts"].split(" | ")
    }
    assert max(visits(pair.near), visits(pair.far)) == 1
    assert all("0 of 1 sessions" in standing for name, standing in pair.status().items() if "tts" in name)


def visits(gateway: Gateway) -> int:
    """How many syntheses there were at once, at most."""
    seen = [visit for visit in gateway.seen("tts") if visit.all("StartSynthesis")]
    spans = [(visit.all("StartSynthesis")[0].at, visit.all("SynthesisCompleted")[0].at) for visit in seen]
    return max(sum(begin <= other < end for begin, end in spans) for other, _ in spans)


def test_a_model_that_pauses_in_the_middle_makes_no_service_late(theatre: Theatre) -> None:
    tokens = ["好的，", "没问题。", {"text": "马上", "delay_ms": 1300}, {"text": "就办，", "delay_ms": 900}, "再见。"]
    pair = Pair(theatre, "好的，我看一下。", {"tokens": tokens}).set(voice="nls tts, no marks", tts_switch_ms=300)
    played = pair.play(silence(), say("甲"), silence(), say("丙"), words("再见。"), HANG_UP)
    assert played.conversation.heard_text() == GREETING + "好的，我看一下。" + "好的，没问题。马上就办，再见。"
    assert played.record["switches"] == {}
    assert pair.far.seen("tts") == []


def test_what_was_heard_of_a_reply_that_two_services_spoke_is_known_when_it_is_interrupted(theatre: Theatre) -> None:
    long = "您的订单，今天上午已经从北京发出，预计明天下午送到，请保持电话畅通。"
    pair = Pair(theatre, long, ANSWER).set()
    pair.near.faults.set("tts", Fault("cut", bytes=12_000))
    played = pair.play(HELLO, say("甲"), wait(2.0), say("请等一下好吗"), DONE, HANG_UP)
    turn = played.record["turns"][0]
    assert turn["interrupted"] and long.startswith(turn["heard"]) and len(turn["heard"]) > 14
    heard = played.conversation.heard_text().removeprefix(GREETING).removesuffix(ANSWER).rstrip("\ufffd")
    assert abs(len(heard) - len(turn["heard"])) <= 1 and long.startswith(heard)
