"""When a service fails another goes on: by ear, every character once, in order, after a short pause.

The calls of `CASES` are played all at once, each with a gateway of its own that fails and one that all share and that is well; each test
judges one of them.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Mapping
from concurrent import futures
from dataclasses import dataclass, field

import pytest

from firstword import threads
from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.sim.script import Script, Step, WaitFor
from firstword.sim.stage import Place, Played, Stage, configuration

from .conftest import BYTE_MS, HANG_UP, Theatre, say, theatre_in, wait
from .services import VENDORS

GAP_S = 1.5
"""The longest pause in a reply that a caller bears."""
GREETING, APOLOGY, REGRET = "您好", "抱歉", "再会"
SHORT, OTHER = "好的，我看一下。", "好，请稍等，马上。"
LONG = "您的订单，今天上午已经从北京发出，预计明天下午送到，请保持电话畅通。"
MIND = {"甲": SHORT, "乙": OTHER, "丙": LONG}
"""What is answered to whom. After 甲 and 乙 the pace of a voice is known."""
WORDS = "请您帮我查一下丙"


# -- the calls ---------------------------------------------------------------------------------------------------------

AT = 21_500
"""Bytes at 8 kHz: 1.34 s, in the middle of the 23rd character."""
BREAKS = {
    "cut": Fault("cut", bytes=AT),
    "silent": Fault("silent", bytes=AT),
    "throttled": Fault("failed", 40000005, bytes=AT),
    "quota": Fault("failed", 40000010, bytes=AT),
    "token expired": Fault("failed", 40000001, bytes=AT),
    "malformed": Fault("malformed", bytes=AT),
    "cut at its beginning": Fault("cut", bytes=700),
    "cut near its end": Fault("cut", bytes=31_000),
    "refused": Fault("refused"),
    "wrong status": Fault("status", 500),
    "token refused": Fault("status", 403),
    "silent from the start": Fault("silent"),
}
"""Of a synthesiser."""


@dataclass
class Case:
    """A call whose first service of `kind` goes wrong when the caller says 丙."""

    vendor: str
    fault: Fault
    heard: str
    second: str = ""
    """What goes on, if another kind of service than what fails."""
    words: str = "丙"
    profile: Mapping[str, object] = field(default_factory=dict)
    switches: int = 1


CASES: dict[str, Case] = {}
for _vendor in ("nls tts", "nls tts, 24 kHz", "nls tts, no marks"):
    for _name in BREAKS if _vendor == "nls tts" else ("cut", "silent", "cut near its end"):
        _fault = BREAKS[_name]
        if "24" in _vendor and _fault.bytes:
            _fault = Fault(_fault.kind, bytes=_fault.bytes * 3)
        CASES[f"{_vendor}: {_name}"] = Case(_vendor, _fault, LONG)
for _vendor in ("cosyvoice", "cosyvoice, words", "qwen tts", "qwen tts, no marks"):
    _times = 3 if _vendor == "qwen tts" else 1
    for _name, _fault in {
        "cut": Fault("cut", bytes=AT * _times),
        "silent": Fault("silent", bytes=AT * _times),
        "quota": Fault("failed", 402, bytes=AT * _times),
        "key refused": Fault("status", 401),
    }.items():
        CASES[f"{_vendor}: {_name}"] = Case(_vendor, _fault, LONG)
CASES["nls tts: goes on with cosyvoice"] = Case("nls tts", BREAKS["cut"], LONG, "cosyvoice")
CASES["nls tts: goes on with qwen"] = Case("nls tts", BREAKS["silent"], LONG, "qwen tts")
CASES["nls tts, no marks: goes on at 24 kHz"] = Case("nls tts, no marks", BREAKS["cut"], LONG, "nls tts, 24 kHz")
CASES["nls tts: goes on without marks"] = Case("nls tts", BREAKS["silent"], LONG, "nls tts, no marks")

for _name, _fault in {
    "wrong status": Fault("status", 500),
    "key refused": Fault("status", 401),
    "throttled": Fault("status", 429),
    "refused": Fault("refused"),
    "malformed": Fault("malformed"),
    "silent": Fault("silent"),
    "cut before the first word": Fault("cut"),
}.items():
    CASES[f"openai: {_name}"] = Case("openai", _fault, LONG, profile={"llm_switch_ms": 800})
CASES["openai: cut after some words"] = Case("openai", Fault("cut", events=5), "您的订单，今天上" + APOLOGY, switches=0)

for _name, _fault in {
    "lost in a sentence": Fault("cut", events=3),
    "throttled": Fault("failed", 40000005, events=3),
    "never ready": Fault("silent"),
    "silent": Fault("silent", events=1),
    "token refused": Fault("status", 403),
}.items():
    CASES[f"nls asr: {_name}"] = Case("nls asr", _fault, LONG, words=WORDS, profile={"asr_switch_ms": 700})
for _name, _fault in {
    "wrong status": Fault("status", 500),
    "throttled": Fault("status", 429),
    "silent": Fault("silent"),
    "cut before the first word": Fault("cut"),
}.items():
    CASES[f"generation: {_name}"] = Case("generation", _fault, LONG, profile={"llm_switch_ms": 800})
CASES["openai: goes on with generation"] = Case("openai", Fault("status", 401), LONG, "generation")
for _name, _fault in {
    "lost in a sentence": Fault("cut", events=2),
    "never ready": Fault("silent"),
    "key refused": Fault("status", 401),
}.items():
    CASES[f"paraformer: {_name}"] = Case("paraformer", _fault, LONG, words=WORDS, profile={"asr_switch_ms": 700})
CASES["nls asr: goes on with paraformer"] = Case("nls asr", Fault("cut", events=3), LONG, "paraformer", WORDS)
for _name, _fault in {
    "lost in a sentence": Fault("cut", events=4),
    "throttled": Fault("failed", 429, events=3),
    "never ready": Fault("silent"),
    "key refused": Fault("status", 401),
}.items():
    CASES[f"qwen asr: {_name}"] = Case("qwen asr", _fault, LONG, words=WORDS, profile={"asr_switch_ms": 700})
CASES["nls asr: goes on with qwen"] = Case("nls asr", Fault("cut", events=3), LONG, "qwen asr", WORDS)
CASES["nls asr: goes on at 16 kHz"] = Case("nls asr", Fault("cut", events=3), LONG, "nls asr, 16 kHz", WORDS)


AT_ONCE = 12
"""Calls."""


def words(text: str) -> WaitFor:
    return WaitFor("words", words=text, within=8.0)


class Together:
    """Plays all cases at once. Gateways: one that is well, and one for each case."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self._well = self._gate()
        self._near = {name: self._gate() for name in CASES}
        others: list[tuple[str, str, str, Mapping[str, object]]] = [
            (f"well {name}", known.kind, known.vendor, known.settings(self._well)) for name, known in VENDORS.items()
        ]
        profiles: dict[str, dict[str, object]] = {}
        usual = {"tts": "well nls tts", "asr": "well nls asr", "llm": "well openai"}
        for name, case in CASES.items():
            known = VENDORS[case.vendor]
            others.append((name, known.kind, known.vendor, known.settings(self._near[name])))
            lists = {**usual, known.kind: f"{name}|well {case.second or case.vendor}"}
            profiles[name] = {**lists, **case.profile}
        every = {"greeting": GREETING, "apology": APOLOGY, "regret": REGRET, "vad": "level", "min_speech_ms": 60}
        xml = configuration(Place.of(self._well), every | usual | {"ahead_waste": 0}, profiles=profiles, others=others)
        theatre.stage = theatre._stack.enter_context(Stage(theatre.folder, xml, clock=theatre.clock))

    def play(self) -> dict[str, Played]:
        with futures.ThreadPoolExecutor(AT_ONCE, "caller") as pool:
            playing = {name: pool.submit(self._play, name, case) for name, case in CASES.items()}
            return {name: future.result() for name, future in playing.items()}

    def _play(self, name: str, case: Case) -> Played:
        known = VENDORS[case.vendor]
        before = f"say: {case.words}"
        fault = (known.door if case.fault.kind in ("status", "refused") else "") or known.fault
        if known.kind == "asr":  # it listens from the beginning
            before = ""
            self._near[name].faults.set(fault, case.fault)

        def on_step(text: str) -> None:
            if text == before:
                self._near[name].faults.set(fault, case.fault)

        learn = () if known.marks else (say("甲"), words(SHORT), wait(0.3), say("乙"), words(OTHER), wait(0.3))
        steps: tuple[Step, ...] = (words(GREETING), wait(0.3), *learn, say(case.words), words(case.heard[-4:]), HANG_UP)
        return self._theatre.stage.play(Script(steps, byte_ms=BYTE_MS), name, on_step)

    def _gate(self) -> Gateway:
        made = GatewayOptions(byte_ms=BYTE_MS, tokens_per_s=200, connect_ms=80, first_packet_ms=300)
        return self._theatre._stack.enter_context(
            Gateway(made, mind=ScriptedMind(match=MIND), clock=self._theatre.clock)
        )


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Played]]:
    before = set(threads.alive())
    with theatre_in(tmp_path_factory.mktemp("together")) as theatre:
        yield Together(theatre).play()
    assert set(threads.alive()) <= before


def gap_s(played: Played, text: str) -> float:
    """The longest pause inside `text`, the last that was heard; measured at the caller's ear."""
    heard = played.conversation.heard_characters()[-len(text) :]
    assert "".join(character.text for character in heard) == text
    return max(after.begin - before.end for before, after in itertools.pairwise(heard))


@pytest.mark.parametrize("name", CASES)
def test_what_a_service_broke_off_is_heard_whole_and_once(together: Mapping[str, Played], name: str) -> None:
    played, case = together[name], CASES[name]
    known, second = VENDORS[case.vendor], VENDORS[case.second or case.vendor]
    heard = played.conversation.heard_text()
    assert heard.endswith(case.heard) and len(heard) <= len(GREETING + SHORT + OTHER + case.heard), heard
    assert "\ufffd" not in heard
    longest = gap_s(played, case.heard)
    sys.stdout.write(f"{name}: the longest pause is {longest:.2f} s\n")
    assert longest <= GAP_S
    record = played.record
    said = case.heard.removesuffix(APOLOGY)
    assert (record["turns"][-1]["heard"], record["turns"][-1]["interrupted"]) == (said, False)
    assert sum(record["switches"].values()) == case.switches
    if case.switches:
        used = record["providers"][known.kind].split(" | ")
        assert [title.partition(" (")[0] for title in used] == [name, f"well {case.second or case.vendor}"]
        assert (known.vendor in used[0], second.vendor in used[1]) == (True, True)
    assert (played.result, played.error) == ("hangup", "")
