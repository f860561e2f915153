"""Qwen's speech and ears keep their contracts against the gateway, and whatever goes wrong there ends in one clear error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.audio import tone
from firstword.audio.pcm import silence
from firstword.errors import Kind
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_API_KEY, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_asr, make_tts
from firstword.speech.conform import check_gives_up, check_recogniser, check_synthesiser
from firstword.speech.watch import Watch
from firstword.threads import alive

TEXTS = ["您好，", "这里是", "Cloud 9。", "再见！"]
BOUNDS = {
    "tts": {"connect_ms": "250", "first_audio_ms": "250", "idle_ms": "250"},
    "asr": {"connect_ms": "250", "finish_ms": "250"},
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """One whose answers take a while, so that a cancel meets every phase."""
    with Gateway(GatewayOptions(connect_ms=5, first_packet_ms=10, frame_bytes=2961)) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def nothing_runs_on(gateway: Gateway) -> Iterator[None]:
    before = alive()
    yield
    gateway.faults.clear()
    until = time.monotonic() + 2
    while set(alive()) - set(before) and time.monotonic() < until:
        time.sleep(0.005)
    assert set(alive()) <= set(before)


def make(gateway: Gateway, kind: str, **values: str) -> Callable[[], Any]:
    settings = {"url": gateway.realtime_url, "api_key": LOCAL_API_KEY, **values}
    made = make_tts if kind == "tts" else make_asr
    return lambda: made("qwen", settings, "test")


@pytest.mark.parametrize(
    ("mode", "turn_detection"), [("commit", "server_vad"), ("server_commit", "off")]
)  # each once: what they have in common is checked twice anyway
def test_it_conforms_and_what_is_spoken_is_heard(gateway: Gateway, mode: str, turn_detection: str) -> None:
    audio = check_synthesiser(make(gateway, "tts", mode=mode), TEXTS)
    assert tone.hear(audio, 8000) == "".join(TEXTS)
    finals = check_recogniser(make(gateway, "asr", turn_detection=turn_detection), audio + silence(1000, 8000))
    assert "".join(finals) == "".join(TEXTS)


def work(handle: Any) -> None:
    """Some work for whatever it is, to its end."""
    if hasattr(handle, "say"):
        handle.say("您好。")
        handle.finish()
    else:
        handle.feed(tone.speak("您好。", 8000))
        handle.finish()


EVERYWHERE: list[tuple[Fault, str, bool, Kind | None]] = [
    (Fault("refused"), "", True, "network"),
    (Fault("status", 401), "HTTP 401", False, "credentials"),
    (Fault("status", 429), "HTTP 429", True, "throttled"),
    (Fault("status", 503), "HTTP 503", True, "server"),
    (Fault("silent"), "", True, "server"),
    (Fault("silent", events=2), "", True, "server"),
    (Fault("cut"), "", True, None),
    (Fault("cut", events=2), "", True, None),
    (Fault("malformed", events=1), "", True, "server"),
    (Fault("slow", 800), "", True, "server"),
    (Fault("failed", 402, events=2), "Arrearage", False, "quota"),
    (Fault("failed", 418, events=2), "InvalidParameter", False, "voice"),
    (Fault("failed", 429), "Throttling.RateQuota", True, "throttled"),
    (Fault("failed", 451, events=2), "DataInspectionFailed", False, "text"),
    (Fault("failed", events=2), "InternalError", True, "server"),
]


@pytest.mark.parametrize(("fault", "code", "retry", "about"), EVERYWHERE, ids=str)
@pytest.mark.parametrize("kind", ["tts", "asr"])
def test_a_fault_ends_in_one_clear_error(
    gateway: Gateway, kind: str, fault: Fault, code: str, retry: bool, about: Kind | None
) -> None:
    gateway.faults.set(f"qwen-{kind}", fault)
    error = check_gives_up(make(gateway, kind, **BOUNDS[kind]), within_s=2.5, after=work)
    assert (error.code, error.retry, error.provider) == (code, retry, f"qwen {kind}")
    assert about is None or error.kind == about
    assert LOCAL_API_KEY not in str(error)


@pytest.mark.parametrize("mode", ["commit", "server_commit"])
def test_a_reply_cut_at_any_message_before_its_last_is_a_failure(mode: str) -> None:
    """created, updated, committed in one mode, created, item, part, audio: after that nothing that is needed is missing any more."""
    with Gateway(GatewayOptions(frame_bytes=500)) as narrow:
        for events in range(2, 40, 3):
            narrow.faults.set("qwen-tts", Fault("cut", events=events))
            watch = Watch()
            handle = make(narrow, "tts", mode=mode, **BOUNDS["tts"])().start(f"cut{events}", watch)
            work(handle)
            assert watch.over.wait(2.5)
            watch.judge()
            failed = watch.names()[-1] == "failed"
            audio = b"".join(args[0] for name, args in watch.events if name == "audio")
            assert failed or tone.hear(audio, 8000) == "您好。"
            if not failed:
                assert events > 8  # so much comes before the last audio
                break
        else:
            raise AssertionError("it never was whole")


def test_wrong_credentials_are_the_operators_fault(gateway: Gateway) -> None:
    for kind in ("tts", "asr"):
        error = check_gives_up(make(gateway, kind, api_key="sk-wrong-key-0123456789"), within_s=2.5, after=work)
        assert "check api_key" in str(error) and not error.retry and "sk-wrong" not in str(error)
