"""Whatever goes wrong at the other side, every provider ends in one clear error, in time, and leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_API_KEY, LOCAL_APPKEY, LOCAL_KEY_ID, LOCAL_KEY_SECRET, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.registry import make_asr, make_llm, make_tts
from firstword.speech.conform import check_gives_up
from firstword.speech.llm import Message
from firstword.speech.watch import Watch
from firstword.threads import alive

BOUNDS = {
    "tts": {"connect_ms": "400", "first_audio_ms": "400", "idle_ms": "400"},
    "asr": {"connect_ms": "400", "finish_ms": "400"},
    "llm": {"connect_ms": "400", "first_token_ms": "400", "idle_ms": "400"},
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions()) as gateway:
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
    account = {
        "token_url": gateway.token_url,
        "appkey": LOCAL_APPKEY,
        "access_key_id": LOCAL_KEY_ID,
        "access_key_secret": LOCAL_KEY_SECRET,
    }
    if kind == "llm":
        settings = {"base_url": gateway.chat_url, "api_key": LOCAL_API_KEY, **BOUNDS[kind], **values}
        return lambda: make_llm("openai", settings, "test")
    if kind == "cosyvoice":
        settings = {"url": gateway.inference_url, "api_key": LOCAL_API_KEY, **BOUNDS["tts"], **values}
        return lambda: make_tts("cosyvoice", settings, "test")
    if kind == "tts":
        return lambda: make_tts("aliyun", {"url": gateway.tts_url, **account, **BOUNDS[kind], **values}, "test")
    return lambda: make_asr("aliyun", {"url": gateway.asr_url, **account, **BOUNDS[kind], **values}, "test")


def work(handle: Any) -> None:
    """Some work for whatever it is, to its end."""
    if hasattr(handle, "say"):
        handle.say("您好。")
        handle.finish()
    elif hasattr(handle, "feed"):
        handle.feed(bytes(3200))
        handle.finish()


EVERYWHERE = [
    (Fault("refused"), ""),
    (Fault("status", 401), "HTTP 401"),
    (Fault("status", 403), "HTTP 403"),
    (Fault("status", 503), "HTTP 503"),
    (Fault("silent"), ""),
    (Fault("silent", events=1), ""),
    (Fault("cut"), ""),
    (Fault("cut", events=1), ""),
    (Fault("malformed", events=1), ""),
    (Fault("slow", 1500), ""),
]


@pytest.mark.parametrize(("fault", "code"), EVERYWHERE, ids=str)
@pytest.mark.parametrize("kind", ["tts", "asr", "llm"])
def test_a_fault_ends_in_one_clear_error(gateway: Gateway, kind: str, fault: Fault, code: str) -> None:
    gateway.faults.set(kind, fault)
    error = check_gives_up(make(gateway, kind), within_s=2.5, after=work)
    assert code in error.code
    assert error.retry is not (fault.value in (401, 403) and kind == "llm")


AT_THE_TASK = [
    (Fault("refused"), ""),
    (Fault("status", 401), "InvalidApiKey"),
    (Fault("status", 429), "Throttling.RateQuota"),
    (Fault("status", 503), "InternalError.Algo"),
    (Fault("failed", 418, events=2), "InvalidParameter"),
    (Fault("silent"), ""),
    (Fault("silent", events=1), ""),
    (Fault("cut"), ""),
    (Fault("cut", bytes=101), ""),
    (Fault("malformed", events=1), ""),
    (Fault("slow", 1500), ""),
]


@pytest.mark.parametrize(("fault", "code"), AT_THE_TASK, ids=str)
def test_a_fault_of_a_task_ends_in_one_clear_error(gateway: Gateway, fault: Fault, code: str) -> None:
    gateway.faults.set("cosyvoice", fault)
    error = check_gives_up(make(gateway, "cosyvoice"), within_s=2.5, after=work)
    assert error.code == code and error.provider == "cosyvoice tts"
    assert error.retry is not (fault.value in (401, 418))


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Fault("refused"), ""), (Fault("status", 401), "HTTP 401"), (Fault("status", 503), "HTTP 503")],
    ids=str,
)
def test_a_fault_at_the_task_door_ends_in_one_clear_error(gateway: Gateway, fault: Fault, code: str) -> None:
    gateway.faults.set("dashscope", fault)
    error = check_gives_up(make(gateway, "cosyvoice"), within_s=2.5, after=work)
    assert error.code == code and error.retry is not (fault.value == 401)


@pytest.mark.parametrize("events", range(1, 12))
@pytest.mark.parametrize("kind", ["tts", "llm", "cosyvoice"])
def test_an_answer_cut_at_any_message_is_a_failure(gateway: Gateway, kind: str, events: int) -> None:
    with Gateway(GatewayOptions(frame_bytes=500)) as narrow:
        narrow.faults.set(kind, Fault("cut", events=events))
        visits = narrow.seen(kind)
        assert not visits
        try:
            error = check_gives_up(make(narrow, kind), within_s=2.5, after=work)
        except AssertionError as fine:
            assert "said finished" in str(fine) and kind == "llm" and events >= 3  # the answer was shorter than that
        else:
            assert error.retry


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("tts", {"appkey": "someone-elses"}, "appkey"),
        ("tts", {"access_key_secret": "wrong-secret"}, "does not belong to access_key_id"),
        ("tts", {"access_key_id": "wrong-id"}, "access_key_id"),
        ("asr", {"token": "made-up-token-0123456789"}, "refused the token"),
        ("llm", {"api_key": "sk-wrong-key-0123456789"}, "check api_key"),
        ("cosyvoice", {"api_key": "sk-wrong-key-0123456789"}, "check api_key"),
    ],
)
def test_wrong_credentials_are_the_operators_fault(
    gateway: Gateway, kind: str, values: dict[str, str], words: str
) -> None:
    error = check_gives_up(make(gateway, kind, **values), within_s=2.5, after=work)
    assert words in str(error) and not error.retry
    assert not any(value in str(error) for value in values.values())


def test_a_token_service_that_fails_is_told_by_its_own_name(gateway: Gateway) -> None:
    gateway.faults.set("token", Fault("status", 503))
    error = check_gives_up(make(gateway, "tts"), within_s=2.5, after=work)
    assert error.retry and "token" in str(error)


@pytest.mark.parametrize(
    ("kind", "code"), [("tts", "40000005"), ("llm", "HTTP 429"), ("cosyvoice", "Throttling.RateQuota")]
)
def test_too_many_at_once_is_worth_another_try(kind: str, code: str) -> None:
    with Gateway(GatewayOptions(most_tts=1, most_llm=1, first_token_ms=300, start_ms=300)) as busy:
        holder = make(busy, kind)()
        messages = ([Message("user", "x")],) if kind == "llm" else ()
        handle = holder.start("holder", *messages, Watch())
        assert busy.wait(lambda: any(visit.happened for visit in busy.seen(kind)), 2.0)
        error = check_gives_up(make(busy, kind), within_s=2.5, after=work)
        assert error.retry and code in error.code
        handle.cancel()
        holder.close()
