"""What single services do when something goes wrong at the other side; what all are held to is in ``test_faults.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.gateway.faults import Fault
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.speech.conform import check_gives_up
from firstword.speech.llm import Message
from firstword.speech.watch import Watch

from .clients import CLIENTS, work

KINDS = {"tts": "aliyun tts", "asr": "aliyun asr", "llm": "chat", "cosyvoice": "cosyvoice"}


pytestmark = pytest.mark.usefixtures("nothing_runs_on")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions()) as gateway:
        yield gateway


def make(gateway: Gateway, kind: str, **values: str) -> Callable[[], Any]:
    return CLIENTS[KINDS[kind]].made(gateway, 400, **values)


AT_THE_TASK = [
    (Fault("refused"), ""),
    (Fault("status", 401), "InvalidApiKey"),
    (Fault("status", 429), "Throttling.RateQuota"),
    (Fault("status", 503), "InternalError.Algo"),
    (Fault("failed", 418, events=2), "InvalidParameter"),
    (Fault("cut", bytes=101), ""),
]


@pytest.mark.parametrize(("fault", "code"), AT_THE_TASK, ids=str)
def test_a_fault_of_a_task_ends_in_one_clear_error(gateway: Gateway, fault: Fault, code: str) -> None:
    gateway.faults.set("cosyvoice", fault)
    error = check_gives_up(make(gateway, "cosyvoice"), within_s=2.5, after=work)
    assert error.code == code and error.provider == "cosyvoice tts"
    assert error.retry is not (fault.value in (401, 418))


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
