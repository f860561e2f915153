from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from firstword.clock import SYSTEM
from firstword.errors import ProviderError
from firstword.net import shared as sharing
from firstword.net.wait import NetError, Wait
from firstword.providers.aliyun import token as tokens
from firstword.providers.aliyun.signature import signature
from firstword.providers.aliyun.token import TokenCache, give_back, lease
from net.loopback import Loopback, Peer


@pytest.fixture
def wait() -> Iterator[Wait]:
    wait = Wait(SYSTEM)
    yield wait
    wait.close()


def door(answer: Callable[[int], tuple[str, str]], delay_s: float = 0.0) -> Callable[[Peer], dict[str, str]]:
    """A token service: `answer(n)` is the status and body of request number n."""
    count = iter(range(100))

    def script(peer: Peer) -> dict[str, str]:
        head, body = peer.read_request()
        time.sleep(delay_s)
        status, text = answer(next(count))
        peer.answer(status, text, "Connection: close\r\n")
        line = head.split("\r\n")[0]
        assert line.split()[1] == "/"  # addresses are logged: no key's id in it, no signature
        return {"method": line.split()[0], **dict(parse_qsl(body.decode(), keep_blank_values=True))}

    return script


def granted(lifetime_s: float = 3600) -> Callable[[int], tuple[str, str]]:
    return lambda n: (
        "200 OK",
        json.dumps({"Token": {"Id": f"token-{n}", "ExpireTime": int(time.time() + lifetime_s)}}),
    )


def get(cache: TokenCache, wait: Wait, seconds: float = 3.0) -> str:
    return cache.get(wait, SYSTEM.deadline(seconds))


def test_a_token_is_asked_for_once_with_a_valid_signature(wait: Wait) -> None:
    with Loopback(door(granted())) as server:
        cache = TokenCache(server.http, "my-id", "my-secret", SYSTEM)
        assert [get(cache, wait) for _ in range(3)] == ["token-0"] * 3
        asked = server.result()
        method, given = asked.pop("method"), asked.pop("Signature")
        assert given == signature(method, asked, "my-secret") and asked["AccessKeyId"] == "my-id"
        assert cache.requests == 1
        cache.close()


def test_twenty_calls_that_begin_at_once_make_one_request() -> None:
    with Loopback(door(granted(), delay_s=0.05)) as server:
        cache = TokenCache(server.http, "id", "secret", SYSTEM)
        got: list[str] = []

        def call() -> None:
            wait = Wait(SYSTEM)
            got.append(get(cache, wait))
            wait.close()

        threads = [threading.Thread(target=call) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == ["token-0"] * 20 and server.connections == 1
        cache.close()


def test_a_token_is_renewed_behind_the_calls_before_it_expires(wait: Wait) -> None:
    # Good for 62 s: used to the 2nd, fresh for 1.8 s. The clock is turned forwards.
    with Loopback(door(granted(62))) as server:
        cache = TokenCache(server.http, "id", "secret", SYSTEM)
        assert get(cache, wait) == "token-0"
        value, fresh, usable = cache._shared._held or ("", 0.0, 0.0)
        assert 0.5 < usable - SYSTEM.now() <= 2.1 and fresh < usable
        cache._shared._held = (value, SYSTEM.now() - 1, usable)
        assert get(cache, wait) == "token-0", "a token that is still good is given at once"
        until = time.monotonic() + 2
        while get(cache, wait) == "token-0" and time.monotonic() < until:
            time.sleep(0.01)
        assert get(cache, wait) == "token-1"
        cache.close()


def test_a_token_that_has_expired_when_it_comes_is_used_once_and_not_kept(
    wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    with Loopback(door(granted(-5))) as server:
        cache = TokenCache(server.http, "id", "secret", SYSTEM)
        assert [get(cache, wait), get(cache, wait)] == ["token-0", "token-1"]
        assert "clock" in caplog.text
        cache.close()


DENIALS: list[tuple[str, str, str, str, bool]] = [
    (
        "400 No",
        '{"Code": "SignatureDoesNotMatch", "Message": "my-secret"}',
        "does not belong",
        "SignatureDoesNotMatch",
        False,
    ),
    (
        "404 No",
        '{"Code": "InvalidAccessKeyId.NotFound", "Message": "x"}',
        "does not exist",
        "InvalidAccessKeyId.NotFound",
        False,
    ),
    (
        "400 No",
        '{"Code": "InvalidTimeStamp.Expired", "Message": "x"}',
        "clock is wrong",
        "InvalidTimeStamp.Expired",
        False,
    ),
    (
        "400 No",
        '{"Code": "Throttling.User", "Message": "denied due to user flow control."}',
        "flow control",
        "Throttling.User",
        True,
    ),
    ("200 OK", '{"ErrMsg": "No permission!", "ErrCode": 40020503}', "AliyunNLSFullAccess", "40020503", False),
    ("200 OK", "<html>", "no JSON", "", False),
    ("503 No", "busy", "HTTP 503", "HTTP 503", True),
    ("503 No", '{"Code": "ServiceUnavailable", "Message": "later"}', "later", "ServiceUnavailable", True),
]


@pytest.mark.parametrize(("status", "body", "words", "code", "retry"), DENIALS)
def test_a_denial_says_what_to_do(wait: Wait, status: str, body: str, words: str, code: str, retry: bool) -> None:
    with Loopback(door(lambda n: (status, body))) as server:
        cache = TokenCache(server.http, "my-id", "my-secret", SYSTEM)
        with pytest.raises(ProviderError) as caught:
            get(cache, wait)
        cache.close()
    error = caught.value
    assert words in str(error) and (error.code, error.retry) == (code, retry)
    assert "my-secret" not in str(error) and "Signature=" not in str(error)


def test_after_a_denial_the_next_call_asks_again(wait: Wait) -> None:
    def answer(n: int) -> tuple[str, str]:
        return ("500 No", "") if n == 0 else granted()(n)

    with Loopback(door(answer)) as server:
        cache = TokenCache(server.http, "id", "secret", SYSTEM)
        with pytest.raises(ProviderError):
            get(cache, wait)
        assert get(cache, wait) == "token-1"
        cache.close()


def test_a_caller_waits_no_longer_than_its_own_bound(wait: Wait) -> None:
    with Loopback(lambda peer: peer.hold()) as server:
        cache = TokenCache(server.http, "id", "secret", SYSTEM)
        with pytest.raises(NetError, match="timed out waiting for a token"):
            get(cache, wait, 0.1)
    cache.close()  # the server is gone, so the request has ended too


def test_a_silent_service_is_given_up(wait: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "BOUNDS", tokens.HttpBounds(connect_s=0.2, first_byte_s=0.2, idle_s=0.2))
    with Loopback(lambda peer: peer.hold()) as server:
        cache = TokenCache(server.http, "id", "secret", SYSTEM)
        with pytest.raises(ProviderError, match="timed out"):
            get(cache, wait)
        cache.close()


def test_the_same_key_shares_one_cache_and_another_key_does_not() -> None:
    one: Any = lease("http://a", "id", "secret", SYSTEM)
    two: Any = lease("http://a", "id", "secret", SYSTEM)
    three: Any = lease("http://a", "id", "other", SYSTEM)
    assert one is two and one is not three
    give_back(one)
    assert lease("http://a", "id", "secret", SYSTEM) is one
    for cache in (one, two, three):
        give_back(cache)
    assert not tokens._caches


def test_a_token_is_renewed_though_nobody_asks_and_until_it_is_closed(
    wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "SPARE_S", 0.5)  # good for 1.5 to 2.5 s
    with Loopback(door(granted(3))) as server:
        cache = TokenCache(server.http, "id", "secret", SYSTEM)
        assert get(cache, wait) == "token-0"
        until = time.monotonic() + 4
        while cache.requests < 2 and time.monotonic() < until:
            time.sleep(0.01)
        assert cache.requests == 2
        time.sleep(0.05)
        assert get(cache, wait, 0.01) == "token-1", "nobody has to wait for it"
        cache.close()
        assert cache.requests == 2


def test_a_renewal_that_fails_is_tried_again_while_the_old_token_is_good(
    wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "SPARE_S", 0.0)
    monkeypatch.setattr(tokens, "EARLY_S", 60.0)
    monkeypatch.setattr(sharing, "AGAIN_S", 0.05)

    def answer(n: int) -> tuple[str, str]:
        return ("500 No", "") if n in (1, 2) else granted(4)(n)

    with Loopback(door(answer)) as server:
        cache = TokenCache(server.http, "id", "secret", SYSTEM)
        assert get(cache, wait) == "token-0"
        held = cache._shared._held
        assert held is not None
        cache._shared._held = (held[0], SYSTEM.now(), held[2])  # to be renewed from now on
        cache._over.set()
        monkeypatch.setattr(cache, "_over", threading.Event())
        keeper = threading.Thread(target=cache._keep)
        keeper.start()
        until = time.monotonic() + 3
        while cache.requests < 4 and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.05)
        assert get(cache, wait, 0.01) == "token-3"
        cache.close()
        keeper.join(1)
