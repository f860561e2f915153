"""When a service fails in the middle of a reply another goes on: by ear, every character once, in order, after a short pause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.sim.script import Script, Step
from firstword.sim.stage import Place, Played, Stage, configuration

from .conftest import BYTE_MS, END, HANG_UP, Theatre, say, silence, wait

GAP_S = 1.5
"""The longest pause in a reply that a caller bears."""
APOLOGY, REGRET = "抱歉", "再会"
FIRST = "好的，我来看一下。"
LONG = "您的订单，今天上午已经从北京发出，预计明天下午送到，请您保持电话畅通，届时快递员会联系您。"


@dataclass(frozen=True)
class Vendor:
    """A service of a gateway, as an entry of the tests. `fault` is what its faults are called there."""

    vendor: str
    fault: str
    settings: Callable[[Gateway], Mapping[str, object]]


def nls(gateway: Gateway, url: str) -> dict[str, object]:
    names = ("token_url", "appkey", "access_key_id", "access_key_secret")
    return {"url": url} | {name: getattr(gateway, name) for name in names}


VOICES = {
    "nls": Vendor("aliyun", "tts", lambda gateway: nls(gateway, gateway.tts_url)),
    "nls without marks": Vendor("aliyun", "tts", lambda gateway: nls(gateway, gateway.tts_url) | {"subtitle": "false"}),
    "nls at 24 kHz": Vendor("aliyun", "tts", lambda gateway: nls(gateway, gateway.tts_url) | {"sample_rate": 24000}),
}
EARS = {
    "nls": Vendor("aliyun", "asr", lambda gateway: nls(gateway, gateway.asr_url) | {"max_sentence_silence": 350}),
    "nls at 16 kHz": Vendor(
        "aliyun",
        "asr",
        lambda gateway: nls(gateway, gateway.asr_url) | {"max_sentence_silence": 350, "sample_rate": 16000},
    ),
}
MINDS = {
    "openai": Vendor(
        "openai",
        "llm",
        lambda gateway: {"base_url": gateway.chat_url, "api_key": gateway.api_key, "model": "qwen-plus"},
    ),
}


class Pair:
    """Two gateways with the same mind, `near` and `far`; a profile asks the services of the first before those of the second."""

    def __init__(self, theatre: Theatre, *replies: object, **options: object) -> None:
        self.theatre = theatre
        theatre.gate(*replies, **options)
        self.near = theatre.gateway
        made = GatewayOptions(byte_ms=BYTE_MS, **options)  # type: ignore[arg-type]
        self.far = theatre._stack.enter_context(Gateway(made, mind=ScriptedMind(list(replies)), clock=theatre.clock))

    def set(
        self,
        *,
        voices: tuple[str, ...] = ("nls", "nls"),
        ears: tuple[str, ...] = ("nls", "nls"),
        minds: tuple[str, ...] = ("openai", "openai"),
        settings: Mapping[str, object] = {},
        near: Mapping[str, object] = {},
        **profile: object,
    ) -> Pair:
        others = []
        lists = {}
        for kind, names, known in (("tts", voices, VOICES), ("asr", ears, EARS), ("llm", minds, MINDS)):
            for place, gateway, name in zip(("near", "far"), (self.near, self.far), names, strict=False):
                values = dict(known[name].settings(gateway)) | dict(near if place == "near" else {})
                others.append((f"{place}-{kind}", kind, known[name].vendor, values))
            lists[kind] = "|".join(f"{place}-{kind}" for place, _ in zip(("near", "far"), names, strict=False))
        every = {"greeting": "您好", "goodbye": "再见", "vad": "level", "min_speech_ms": 60, "ahead_waste": 0}
        every |= {"apology": APOLOGY, "regret": REGRET} | lists | profile
        xml = configuration(Place.of(self.near), every, settings=settings, others=others)
        theatre = self.theatre
        theatre.stage = theatre._stack.enter_context(Stage(theatre.folder, xml, clock=theatre.clock))
        return self

    def play(self, *steps: Step, before: Mapping[str, Callable[[], object]] = {}) -> Played:
        """Play a call; `before` a step of these words something is done, once."""
        left = dict(before)

        def on_step(text: str) -> None:
            left.pop(text, lambda: None)()

        return self.theatre.stage.play(Script(steps, byte_ms=BYTE_MS), on_step=on_step)


def gap_s(played: Played, text: str) -> float:
    """The longest pause inside `text`, the last that was heard; measured at the caller's ear."""
    heard = played.conversation.heard_characters()[-len(text) :]
    assert "".join(character.text for character in heard) == text
    return max(after.begin - before.end for before, after in zip(heard, heard[1:], strict=False))


FAULTS = {
    "cut": Fault("cut", bytes=21_500),
    "silent": Fault("silent", bytes=21_500),
    "throttled": Fault("failed", 40000005, bytes=21_500),
    "quota": Fault("failed", 40000010, bytes=21_500),
    "token expired": Fault("failed", 40000001, bytes=21_500),
    "malformed": Fault("malformed", bytes=21_500),
    "refused": Fault("refused"),
    "wrong status": Fault("status", 500),
    "token refused": Fault("status", 403),
    "silent from the start": Fault("silent"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("voice", VOICES)
def test_a_reply_that_its_synthesiser_breaks_off_is_heard_whole(theatre: Theatre, voice: str, fault: str) -> None:
    pair = Pair(theatre, FIRST, "好，请稍等，马上。", LONG).set(voices=(voice, voice))
    break_it = lambda: pair.near.faults.set(VOICES[voice].fault, FAULTS[fault])  # noqa: E731
    played = pair.play(
        silence(),
        say("甲"),
        silence(),
        say("乙"),
        silence(),
        say("丙"),
        silence(),
        HANG_UP,
        before={"say: 丙": break_it},
    )
    assert played.conversation.heard_text() == "您好" + FIRST + "好，请稍等，马上。" + LONG
    assert gap_s(played, LONG) <= GAP_S
    turn = played.record["turns"][-1]
    assert (turn["reply"], turn["heard"], turn["interrupted"]) == (LONG, LONG, False)
    assert played.record["switches"] == {"tts": 1}
    assert played.record["providers"]["tts"] == "near-tts (aliyun tts) | far-tts (aliyun tts)"
    assert (played.result, played.error) == ("hangup", "")
