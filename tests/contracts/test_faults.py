"""Whatever goes wrong at the other side, every client ends in one clear error, in time, and leaves nothing behind.

Each fault of the gateway's is set for each of `clients.CLIENTS`. What only one service's codes say is in that service's own file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from firstword.errors import Kind
from firstword.gateway.faults import Fault
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.speech.conform import check_gives_up
from firstword.speech.llm import Message

from .clients import CLIENTS, Client, work

by_client = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
OVER_S = 2.5


pytestmark = pytest.mark.usefixtures("nothing_runs_on")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions()) as gateway:
        yield gateway


@dataclass(frozen=True)
class Expected:
    """What the error is about, one of several where it depends on who notices first; its code begins so."""

    fault: Fault
    kinds: tuple[Kind, ...]
    code: str = ""
    at_the_door: bool = False


BROKEN: tuple[Kind, ...] = ("network", "server")
FAULTS = {
    "refused": Expected(Fault("refused"), ("network",), at_the_door=True),
    "401": Expected(Fault("status", 401), ("credentials",), "HTTP 401", at_the_door=True),
    "403": Expected(Fault("status", 403), ("credentials",), "HTTP 403", at_the_door=True),
    "429": Expected(Fault("status", 429), ("throttled",), "HTTP 429", at_the_door=True),
    "503": Expected(Fault("status", 503), ("server",), "HTTP 503", at_the_door=True),
    "silent": Expected(Fault("silent"), BROKEN),
    "silent after a message": Expected(Fault("silent", events=1), BROKEN),
    "silent after two": Expected(Fault("silent", events=2), BROKEN),
    "cut": Expected(Fault("cut"), ("network",)),
    "cut after a message": Expected(Fault("cut", events=1), ("network",)),
    "cut after two": Expected(Fault("cut", events=2), ("network",)),
    "malformed": Expected(Fault("malformed", events=1), ("server",)),
    "slow": Expected(Fault("slow", 1000), BROKEN),
}


@by_client
@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_ends_in_one_clear_error(gateway: Gateway, client: Client, what: str) -> None:
    expected = FAULTS[what]
    gateway.faults.set(client.door if expected.at_the_door else client.service, expected.fault)
    waits = expected.fault.kind in ("silent", "slow")
    made = client.made(gateway, 250 if waits else 2000)
    error = check_gives_up(made, within_s=OVER_S, messages=[Message("user", "您好，世界。")], after=work)
    assert error.kind in expected.kinds, error
    assert error.provider == client.name or (client.does == "llm" and error.provider.startswith(client.name)), error
    assert error.code.startswith(expected.code) and bool(error.code) == bool(expected.code), error
    assert error.retry is ("credentials" not in expected.kinds or client.renews)


@by_client
def test_a_wrong_key_is_the_operators_fault_and_is_not_told(gateway: Gateway, client: Client) -> None:
    name = "access_key_secret" if client.vendor == "aliyun" else "api_key"
    made = client.made(gateway, 2000, **{name: "sk-wrong-key-0123456789"})
    error = check_gives_up(made, within_s=OVER_S, after=work)
    assert error.kind == "credentials" and not error.retry and "sk-wrong" not in str(error)
    assert ("access_key_id" if client.vendor == "aliyun" else "check api_key") in str(error)
