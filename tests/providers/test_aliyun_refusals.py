"""A synthesiser whose token is refused gets another, and asks for no more of them than will help."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable

import pytest

from firstword.providers.aliyun.tts import make
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .nls_peer import Nls, ended, until, waited


def start(nls: Nls) -> None:
    nls.expect("StartSynthesis")
    nls.tell("SynthesisStarted")


def token_door(asked: list[int]) -> Callable[[Peer], None]:
    """CreateToken: gives token-1, token-2, … and appends to `asked` for each."""

    def script(peer: Peer) -> None:
        peer.read_request()
        asked.append(1)
        token = {"Id": f"token-{len(asked)}", "ExpireTime": time.time() + 3600}
        peer.answer("200 OK", json.dumps({"Token": token}), "Connection: close\r\n")

    return script


@pytest.mark.parametrize("how", ["at the door", "inside"])
def test_a_token_the_gateway_refuses_is_replaced_for_the_next_reply(how: str) -> None:
    asked: list[int] = []

    def refuses(peer: Peer) -> str:
        if how == "at the door":
            head = peer.read_head()
            peer.answer("403 Forbidden")
            return head
        nls = Nls(peer)
        nls.expect("StartSynthesis")
        nls.fail(40000001, "Gateway:ACCESS_DENIED:The token 'token-1' has expired!")
        return nls.head

    def accepts(peer: Peer) -> str:
        nls = Nls(peer)
        start(nls)
        nls.read_until("StopSynthesis")
        nls.sound(bytes(1600))
        nls.tell("SynthesisCompleted")
        return nls.head

    with Loopback(token_door(asked)) as tokens, Loopback(refuses, accepts) as server:
        key = {
            "appkey": "a",
            "access_key_id": "id",
            "access_key_secret": "secret",
            "token_url": tokens.http,
            "spares": "0",
        }
        service = make({"url": server.ws, **key}, "test")
        errors = []
        for _ in range(2):
            watch = Watch()
            work = service.start("t", watch)
            work.say("x")
            work.finish()
            errors.append(ended(watch))
        service.close()
        assert errors[0] is not None and errors[0].retry and errors[1] is None
        assert "X-NLS-Token: token-1" in server.result(0) and "X-NLS-Token: token-2" in server.result(1)


def test_tasks_whose_token_is_refused_one_after_the_other_ask_for_one_new_token() -> None:
    """All are told that it has expired, one after the other; by then the first has been given another, which is not refused."""
    asked: list[int] = []

    calls = 5
    go = [threading.Event() for _ in range(calls)]
    numbers = itertools.count()

    def gateway(peer: Peer) -> None:
        nls = Nls(peer)
        if "X-NLS-Token: token-1\r\n" not in nls.head:
            whole_of(nls)
            return
        nls.expect("StartSynthesis")
        waited(go[next(numbers)])
        nls.fail(40000001, "Gateway:ACCESS_DENIED:The token 'token-1' has expired!")

    def whole_of(nls: Nls) -> None:
        start(nls)
        nls.read_until("StopSynthesis")
        nls.sound(bytes(1600))
        nls.tell("SynthesisCompleted")

    with Loopback(token_door(asked)) as tokens, Loopback(gateway) as server:
        key = {"appkey": "a", "access_key_id": "id-storm", "access_key_secret": "secret", "token_url": tokens.http}
        service = make({"url": server.ws, **key, "spares": "0"}, "test")
        watches = [Watch() for _ in range(calls)]
        for watch in watches:
            service.start("t", watch)
        until(lambda: server.connections == calls)
        for number in range(calls):
            go[number].set()
            until(lambda number=number: sum(watch.over.is_set() for watch in watches) == number + 1)
            again = Watch()
            work = service.start("t", again)
            work.say("x")
            work.finish()
            assert ended(again) is None
        service.close()
    assert len(asked) == 2


def test_a_gateway_that_refuses_every_token_costs_one_request_for_another_and_not_one_a_reply() -> None:
    """The appkey is wrong, perhaps; asked too often, CreateToken refuses too, and then also those whose token would do."""
    asked: list[int] = []

    def refuses(peer: Peer) -> None:
        peer.read_head()
        peer.answer("403 Forbidden", headers="Connection: close\r\n")

    with Loopback(token_door(asked)) as tokens, Loopback(refuses) as server:
        key = {"appkey": "a", "access_key_id": "id-403", "access_key_secret": "secret", "token_url": tokens.http}
        service = make({"url": server.ws, **key, "spares": "0"}, "test")
        for _ in range(8):
            watch = Watch()
            service.start("t", watch).say("x")
            error = ended(watch)
            assert error is not None and (error.code, error.kind) == ("HTTP 403", "credentials")
        service.close()
    assert len(asked) == 2
