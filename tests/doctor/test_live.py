"""``firstword doctor --live``: what an operator reads of services that work, that fail, and that there is no key for."""

from __future__ import annotations

import functools
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mock import Mock

from firstword import cli, threads
from firstword.clock import Clock
from firstword.doctor import command, live
from firstword.doctor.command import LOCAL_KEYS
from firstword.doctor.variants import VARIANTS, at_gateway
from firstword.gateway.faults import Fault
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.host import trial
from firstword.host.trial import SENTENCE
from firstword.sim.stage import Place, configuration

KINDS = ("tts", "asr", "llm")
CLOCK = Clock(4.0)
"""The recognisers hear at the pace of life, of this one."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    before = threads.alive()
    with Gateway(GatewayOptions(byte_ms=20), clock=CLOCK) as gateway:
        yield gateway
    until = time.monotonic() + 3
    while threads.alive() != before and time.monotonic() < until:
        time.sleep(0.005)
    assert threads.alive() == before


@pytest.fixture(autouse=True)
def no_keys_and_a_quick_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "try_all", functools.partial(live.try_all, clock=CLOCK))
    for name in LOCAL_KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str], list[dict]]]:
    """Runs the command: its exit code, the lines it printed, what it wrote."""

    def run(*words: str) -> tuple[int, list[str], list[dict]]:
        out = tmp_path / "live.json"
        code = cli.main(["doctor", "--live", "--json", str(out), *words])
        return code, capsys.readouterr().out.splitlines(), json.loads(out.read_text())["services"]

    return run


def one_of_each(gateway: Gateway) -> list[live.Asked]:
    found = {kind: next(v for v in VARIANTS if v.kind == kind and v.vendor in ("aliyun", "openai")) for kind in KINDS}
    return [live.Asked.variant(at_gateway(found[kind], gateway.url, LOCAL_KEYS), keys_given=True) for kind in KINDS]


def tried(asked: list[live.Asked], seconds: float = 10.0) -> dict[str, live.Tried]:
    steps = list(live.try_all(asked, seconds=seconds))
    assert [isinstance(step, live.Asked) for step in steps] == [True, False] * len(asked)
    return {step.kind: step for step in steps if isinstance(step, live.Tried)}


def test_every_service_of_a_gateway_works_and_its_times_are_told(gateway: Gateway, doctor: Callable) -> None:
    code, lines, services = doctor("--gateway", gateway.url)
    assert code == 0
    assert [service["what"] for service in services] == [str(variant) for variant in VARIANTS]
    assert {service["verdict"] for service in services} == {"works"}
    for service in services:
        ms = service["ms"]
        assert set(ms) == {"connect", "first", "last"} | ({"ready"} if service["kind"] == "asr" else set())
        assert 0 <= ms["connect"] < 1000 and 0 < ms["first"] < 5000
        row = next(line for line in lines if line.startswith(f"{service['what']} "))
        shown = [float(word) for word in row.removeprefix(service["what"]).split()[:4] if word != "-"]
        assert shown == pytest.approx([ms[name] for name in live.COLUMNS if name in ms], abs=0.6) and "works" in row
        if service["kind"] == "asr":  # it heard what the synthesiser before it said
            assert service["said"] == SENTENCE and ms["ready"] < ms["first"] and ms["last"] < 5000
    assert lines[-1] == f"{len(VARIANTS)} work, 0 fail, 0 without a key"


def test_without_keys_nothing_is_asked_each_is_named_and_nothing_has_failed(
    doctor: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("somebody was looked up"))
    monkeypatch.setenv("ALIYUN_AK_ID", "half-of-what-is-needed")
    code, lines, services = doctor()
    assert code == 0 and {service["verdict"] for service in services} == {"no key"}
    assert any(line.endswith("no key: NLS_APPKEY, ALIYUN_AK_SECRET not set") for line in lines)
    assert any(line.endswith("no key: DASHSCOPE_API_KEY not set") for line in lines)
    assert lines[-1].startswith("0 work, 0 fail")


def test_one_that_fails_is_told_in_words_with_its_code_and_the_others_go_on(gateway: Gateway, doctor: Callable) -> None:
    gateway.faults.set("llm", Fault("status", 401))
    code, lines, services = doctor("--gateway", gateway.url)
    assert code == 1
    refused = [service for service in services if service["kind"] == "llm" and service["vendor"] == "openai"]
    assert all("refused the key" in service["error"] and "HTTP 401" in service["code"] for service in refused)
    assert {service["verdict"] for service in services if service not in refused} == {"works"}
    assert any("FAIL: openai qwen-plus: the service refused the key" in line for line in lines)
    assert not any(key in "\n".join(lines) for key in LOCAL_KEYS.values())


@pytest.mark.parametrize("service", KINDS)
def test_one_that_never_answers_costs_its_bound_and_no_more(gateway: Gateway, service: str) -> None:
    gateway.faults.set(service, Fault("silent"))
    asked = next(one for one in one_of_each(gateway) if one.kind == service)
    began = time.monotonic()
    found = tried([asked], seconds=1.0)[service]
    assert found.verdict == "fails" and "did not answer within 1 s" in found.error
    assert time.monotonic() - began < 2.5
    assert not any(name.startswith("doctor") for name in threads.alive())


def test_one_that_is_not_there_is_named_by_its_address(gateway: Gateway) -> None:
    asked = one_of_each(gateway)
    gateway.close()
    for found in tried(asked).values():
        assert f"nobody listens at 127.0.0.1:{gateway.port}" in found.error and not found.ms


def test_one_whose_address_may_have_no_key_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("somebody was looked up"))
    values = {"base_url": "https://keys.example/v1", "api_key": "k"}
    found = tried([live.Asked("llm mine", "llm", "openai", values)])["llm"]
    assert "keys.example is neither" in found.error and "allowed-hosts" in found.error


def test_a_synthesiser_without_a_sound_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(service: object, notes: trial._Notes, asked: object) -> Mock:
        notes.finished()
        return Mock()

    monkeypatch.setitem(trial._KINDS, "tts", (lambda *_: Mock(rate=8000), end))
    outcome = trial.Trial("tts", "aliyun", {}, "here", seconds=1.0).begin().outcome()
    assert "ended without a sound" in outcome.error


def test_a_recogniser_without_a_word_does_not_work(gateway: Gateway) -> None:
    noise = (bytes(range(256)) * 40, 8000)
    asked = next(one for one in one_of_each(gateway) if one.kind == "asr")
    outcome = live._try(asked, noise, 10.0, CLOCK)
    assert "recognised nothing in" in outcome.error and outcome.ms["ready"] >= 0


def test_with_nothing_to_hear_a_recogniser_is_judged_by_a_second_of_silence(gateway: Gateway) -> None:
    asked = [one for one in one_of_each(gateway) if one.kind == "asr"]
    found = tried(asked)["asr"]
    assert (found.verdict, found.said) == ("works", "")


def test_the_services_of_a_configuration_are_tried_by_their_names(
    gateway: Gateway, doctor: Callable, tmp_path: Path
) -> None:
    config = tmp_path / "firstword.conf.xml"
    config.write_text(configuration(Place.of(gateway)))
    code, _, services = doctor("--config", str(config))
    assert code == 0 and [service["what"] for service in services] == ["asr asr", "tts tts", "llm llm"]


def test_a_gateway_of_our_own_will_do(doctor: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "VARIANTS", [variant for variant in VARIANTS if variant.kind == "llm"][:1])
    code, lines, _ = doctor("--local")
    assert code == 0 and lines[-1] == "1 work, 0 fail, 0 without a key"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["doctor", "--local"], "go with --live"),
        (["doctor", "--live", "--gateway", "127.0.0.1:8190"], "--gateway takes an address"),
        (["doctor", "--live", "--config", "/nowhere.xml"], "/nowhere.xml can not be read: No such file or directory"),
    ],
)
def test_a_misuse_is_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 1
    assert told in capsys.readouterr().err
