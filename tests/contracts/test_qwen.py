"""Qwen's speech and ears keep their contracts against the gateway, and say what an error of the service's is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.audio import tone
from firstword.audio.pcm import silence
from firstword.errors import Kind
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_API_KEY, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.speech.conform import check_gives_up, check_recogniser, check_synthesiser
from firstword.speech.watch import Watch

from .clients import CLIENTS, work

TEXTS = ["您好，", "这里是", "Cloud 9。", "再见！"]


pytestmark = pytest.mark.usefixtures("nothing_runs_on")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """One whose answers take a while, so that a cancel meets every phase."""
    with Gateway(GatewayOptions(connect_ms=5, first_packet_ms=10, frame_bytes=2961)) as gateway:
        yield gateway


def make(gateway: Gateway, kind: str, bound_ms: int = 250, **values: str) -> Callable[[], Any]:
    return CLIENTS[f"qwen {kind}"].made(gateway, bound_ms, **values)


@pytest.mark.parametrize(
    ("mode", "turn_detection"), [("commit", "server_vad"), ("server_commit", "off")]
)  # each once: what they have in common is checked twice anyway
def test_it_conforms_and_what_is_spoken_is_heard(gateway: Gateway, mode: str, turn_detection: str) -> None:
    audio = check_synthesiser(make(gateway, "tts", 0, mode=mode), TEXTS)
    assert tone.hear(audio, 8000) == "".join(TEXTS)
    finals = check_recogniser(make(gateway, "asr", 0, turn_detection=turn_detection), audio + silence(1000, 8000))
    assert "".join(finals) == "".join(TEXTS)


FAILED: list[tuple[Fault, str, bool, Kind]] = [
    (Fault("failed", 402, events=2), "Arrearage", False, "quota"),
    (Fault("failed", 418, events=2), "InvalidParameter", False, "voice"),
    (Fault("failed", 429), "Throttling.RateQuota", True, "throttled"),
    (Fault("failed", 451, events=2), "DataInspectionFailed", False, "text"),
    (Fault("failed", events=2), "InternalError", True, "server"),
]


@pytest.mark.parametrize(("fault", "code", "retry", "about"), FAILED, ids=str)
@pytest.mark.parametrize("kind", ["tts", "asr"])
def test_an_error_of_the_service_s_says_what_it_is_about(
    gateway: Gateway, kind: str, fault: Fault, code: str, retry: bool, about: Kind
) -> None:
    gateway.faults.set(f"qwen-{kind}", fault)
    error = check_gives_up(make(gateway, kind), within_s=2.5, after=work)
    assert (error.code, error.retry, error.provider) == (code, retry, f"qwen {kind}")
    assert error.kind == about
    assert LOCAL_API_KEY not in str(error)


@pytest.mark.parametrize("mode", ["commit", "server_commit"])
def test_a_reply_cut_at_any_message_before_its_last_is_a_failure(mode: str) -> None:
    """created, updated, committed in one mode, created, item, part, audio: after that nothing that is needed is missing any more."""
    with Gateway(GatewayOptions(frame_bytes=500)) as narrow:
        for events in range(2, 40, 3):
            narrow.faults.set("qwen-tts", Fault("cut", events=events))
            watch = Watch()
            handle = make(narrow, "tts", mode=mode)().start(f"cut{events}", watch)
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
