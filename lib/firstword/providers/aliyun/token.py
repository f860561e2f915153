"""Tokens for NLS: made from an access key, renewed before they expire whether anybody asks or not, and shared by all that have the same
key.

A token may be used by any number of connections until its ExpireTime, and a new one does not end the old one.
"""

from __future__ import annotations

import datetime
import logging
import threading
import uuid
from collections import deque

from ...clock import Clock, Deadline
from ...errors import ProviderError
from ...net.http import Client, HttpBounds, RefusedError
from ...net.redact import CODE_CHARS, redact
from ...net.shared import Fetched, Shared
from ...net.wait import Wait
from ...threads import spawn
from .signature import Denial, Grant, create_token_form, parse_token
from .status import denial

log = logging.getLogger("firstword.providers.aliyun")

BOUNDS = HttpBounds(connect_s=4.0, first_byte_s=4.0, idle_s=2.0)
SPARE_S = 60.0  # a token is not used in its last minute: it must still be good when the gateway looks at it
EARLY_S = 600.0  # and is renewed behind the calls ten minutes before that
AGAIN_S = 10.0  # how often a refused token is replaced, at most: CreateToken refuses whoever asks without end
BODY_BYTES = 65_536


class TokenCache:
    """The token of one access key. Any thread may call any method."""

    def __init__(self, url: str, access_key_id: str, access_key_secret: str, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._key = (access_key_id, access_key_secret)
        self._clock = clock
        self._client = Client("aliyun token", secrets=(access_key_secret, access_key_id), clock=clock, warm=1)
        self._shared: Shared[str] = Shared("token", self._fetch, clock)
        self._granted: deque[str] = deque(maxlen=2)  # a connection may still be made with the one before
        self._lock = threading.Lock()
        self._kept = False
        self._forget_from = 0.0  # by then one that is refused is replaced again
        self._over = threading.Event()

    def get(self, wait: Wait, deadline: Deadline) -> str:
        """A token that is good for a minute at least. At once if there is one; else waits for the one request under way.

        Raises:
            Cancelled: the caller was cancelled.
            NetError: the caller's deadline passed.
            ProviderError: no token can be had; says whose fault it is.
        """
        token = self._shared.get(wait, deadline, "waiting for a token")
        with self._lock:
            begin, self._kept = not (self._kept or self._over.is_set()), True
        if begin:
            spawn("token-keeper", self._keep)
        return token

    def held(self) -> str | None:
        """The token that `get` would give at once; None if it would have to be asked for."""
        return self._shared.held()

    def forget(self, token: str) -> bool:
        """The gateway has refused `token`: get another next time.

        Returns:
            False if that is so already, for a hundred tasks may be told; and if another was got for the same reason a moment ago, for then
            the token is not what is wrong.
        """
        with self._lock:
            now = self._clock.now()
            forgotten = now >= self._forget_from and self._shared.forget(token)
            if forgotten:
                self._forget_from = now + AGAIN_S
            return forgotten

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no error may show: the key, and the tokens in use."""
        return (*self._key, *self._granted)

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return self._shared.fetches

    def close(self) -> None:
        """Idempotent. It is not renewed any more."""
        self._over.set()
        self._client.close()

    def _keep(self) -> None:
        """A thread, from the first token on: a night without calls shall not cost the first caller of the morning a request."""
        while not self._clock.wait(self._over, self._shared.keep_fresh()):
            pass

    def _fetch(self) -> Fetched[str]:
        now = self._clock.wall()
        timestamp = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        form = create_token_form(*self._key, nonce=str(uuid.uuid4()), timestamp=timestamp)
        answer = parse_token(self._ask(form))
        if isinstance(answer, Denial):
            raise self._denied(answer)
        assert isinstance(answer, Grant)
        self._granted.append(answer.token)
        good_s = answer.expires - now - SPARE_S
        if good_s <= 0:
            log.warning("a new NLS token has expired already: is this machine's clock right?")
        return Fetched(answer.token, good_s - min(EARLY_S, good_s / 10), good_s)

    def _ask(self, form: str) -> str:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        exchange = self._client.post(f"{self._url}/", headers=headers, body=form.encode(), bounds=BOUNDS)
        try:
            exchange.open()
            body = b""
            while len(body) < BODY_BYTES and (more := exchange.read()):
                body += more
            return body.decode("utf-8", "replace")
        except RefusedError as error:
            answer = parse_token(error.body)
            if isinstance(answer, Denial) and answer.code:
                raise self._denied(answer, error.retry) from error
            raise
        finally:
            exchange.close()

    def _denied(self, answer: Denial, retry: bool = False) -> ProviderError:
        what = denial(answer.code, answer.text, retry)
        said, code = redact(answer.text, self.secrets, limit=160), redact(answer.code, self.secrets, limit=CODE_CHARS)
        return ProviderError(
            f"{what.text} ({said})",
            provider="aliyun token",
            code=code,
            retry=retry or what.retry,
            kind=what.kind,
        )


_caches: dict[tuple[str, str, str], tuple[TokenCache, int]] = {}
_lock = threading.Lock()


def lease(url: str, access_key_id: str, access_key_secret: str, clock: Clock) -> TokenCache:
    """The cache of this access key, one for the process. Next: `give_back` it."""
    key = (url, access_key_id, access_key_secret)
    with _lock:
        cache, users = _caches.get(key) or (TokenCache(url, access_key_id, access_key_secret, clock), 0)
        _caches[key] = (cache, users + 1)
    return cache


def give_back(cache: TokenCache) -> None:
    """One user fewer; the last one closes it."""
    with _lock:
        for key, (held, users) in list(_caches.items()):
            if held is cache:
                if users > 1:
                    _caches[key] = (cache, users - 1)
                    return
                del _caches[key]
    cache.close()
