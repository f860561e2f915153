"""The language model: Qwen2.5-Coder-0.5B-Instruct on llama.cpp, in this process.

Small enough to answer a telephone on two cores, and small enough to invent facts: for trying and for tests, not for customers. The
library keeps the last prompt's state, so that only what is new of a conversation is read again: the first token of a later turn
takes 0.25-0.55 s, that of a first turn about as much more unless `Qwen.warm` has read the system prompt before.
"""

from __future__ import annotations

import atexit
import functools
import secrets
import threading
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...clock import SYSTEM
from ...errors import ProviderError
from ...threads import Inbox, join, spawn
from . import Pause, Thought, Wish, manifest
from .store import Store, cores

NAME = "local qwen"
CONTEXT_TOKENS = 4096
BATCH_TOKENS = 64
"""Of the prompt at once: a cancel waits for one batch, about 0.5 s, instead of for the whole prompt."""
MOST_TOKENS, USUAL_TOKENS = 1024, 160
"""The longest answer, and one that is not asked to be longer: 160 tokens are half a minute of speech."""
TEMPERATURE = 0.3
MOST_WAITING = 4
"""Answers that may wait for the one under way; further ones are refused. The model writes one at a time, on all cores."""
WAIT_SECONDS, STOP_SECONDS, BREATH_SECONDS = 30.0, 5.0, 0.1
FORGET = 8
"""Messages forgotten at a time when a conversation outgrows the context: each time, the rest has to be read anew."""


@functools.cache
def mind() -> Qwen:
    """The model, made once. Raises ConfigError if it is not installed."""
    store = Store()
    found = store.folder(manifest.QWEN)
    store.use_code(manifest.QWEN)
    made = Qwen(found if found.is_file() else found / manifest.QWEN.files[0].name)
    atexit.register(made.close)
    return made


class Qwen:
    """A `Mind`. Any thread may call; answers are written one after the other.

    Args:
        model: a ``.gguf`` file with a chat template.
        threads: for the one answer under way; by default one less than the processors there are, at most 4. The library's threads wait
            for each other at every step, so one of them without a processor of its own holds up all: with one of two
            processors busy, two threads wrote 12 tokens a second and one thread 24 (40 and 23 with none busy).
    """

    quick = False

    def __init__(self, model: Path, threads: int | None = None) -> None:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_ctx = CONTEXT_TOKENS
        params.n_parallel = 1
        params.n_batch = params.n_ubatch = BATCH_TOKENS
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads or cores(4, spare=1)
        params.cache_ram_mib = 256  # states of earlier conversations; 8 GiB unless said
        params.verbosity = 1  # errors only
        params.ui = False
        params.api_keys = [secrets.token_hex(16)]  # the library opens a port on loopback: nobody is to use it
        self._server = xllamacpp.Server(params)
        self._writing = threading.Lock()
        self._asked: dict[threading.Event, threading.Thread] = {}  # each answer under way, by what cancels it
        self._asking = threading.Lock()
        self.warm([{"role": "user", "content": "你好"}])  # reads the weights into memory

    def warm(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Read `messages` (a system prompt) now, so that the first answer to them need not. Blocks about 10 ms a token."""
        for _ in self.answer(messages, Wish(max_tokens=1)):
            pass

    def answer(self, messages: Sequence[Mapping[str, Any]], wish: Wish) -> Generator[str | Pause | Thought, None, None]:
        """See `Mind.answer`. Of `wish.extra`, ``top_p``, ``seed`` and ``stop`` are honoured.

        Raises ProviderError: too many answers wait (retry), or the messages are not such a model's.
        """
        asked = _request(messages, wish)
        tokens: Inbox[str | ProviderError] = Inbox(asked["max_tokens"] + 2)  # all there can be: never full
        cancelled = self._enter(asked, tokens)
        try:
            patience = SYSTEM.deadline(WAIT_SECONDS)
            while not patience.passed():
                token = tokens.get(BREATH_SECONDS)
                if isinstance(token, ProviderError):
                    raise token
                if token is not None:
                    yield token
                    patience = SYSTEM.deadline(WAIT_SECONDS)
                elif tokens.closed and not len(tokens):
                    return
                else:
                    yield Pause(0.0)  # nothing yet: a chance to close the generator
            raise ProviderError(f"no token within {WAIT_SECONDS:g} s", provider=NAME, retry=True)
        finally:
            cancelled.set()

    def close(self) -> None:
        """Cancel what is being written, and wait until the library has let go: a process that ends before it crashes. Idempotent."""
        with self._asking:
            asked = dict(self._asked)
        for cancelled in asked:
            cancelled.set()
        join(asked.values(), STOP_SECONDS)

    def _enter(self, asked: dict[str, Any], tokens: Inbox[str | ProviderError]) -> threading.Event:
        """Start to write, unless too many wait. Returns what cancels it."""
        cancelled = threading.Event()
        with self._asking:
            if len(self._asked) > MOST_WAITING:
                raise ProviderError(f"{len(self._asked)} answers wait already", provider=NAME, code="busy", retry=True)
            self._asked[cancelled] = spawn("qwen", lambda: self._write(asked, tokens, cancelled))
        return cancelled

    def _write(self, asked: dict[str, Any], tokens: Inbox[str | ProviderError], cancelled: threading.Event) -> None:
        """On a thread of its own: wait for the turn, write, and close `tokens` whatever happens."""

        def heard(chunk: Mapping[str, Any]) -> bool:
            if "error" in chunk:
                tokens.put(_failed(chunk["error"]))
            for choice in chunk.get("choices", ()):
                if text := choice.get("delta", {}).get("content"):
                    tokens.put(text)
            return cancelled.is_set()  # true ends the generation

        try:
            if self._turn(cancelled):
                try:
                    self._server.handle_chat_completions(asked, heard)
                finally:
                    self._writing.release()
        except (ValueError, RuntimeError) as error:  # what the library says of messages it can not read
            tokens.put(ProviderError(str(error), provider=NAME, code="invalid_request_error"))
        finally:
            with self._asking:
                self._asked.pop(cancelled)
            tokens.close()

    def _turn(self, cancelled: threading.Event) -> bool:
        """Wait until no other answer is being written. Returns whether this one still should be."""
        deadline = SYSTEM.deadline(WAIT_SECONDS)
        while not cancelled.is_set() and not deadline.passed():
            if self._writing.acquire(timeout=0.05):
                return True
        return False


def _request(messages: Sequence[Mapping[str, Any]], wish: Wish) -> dict[str, Any]:
    most = max(1, min(MOST_TOKENS, USUAL_TOKENS if wish.max_tokens is None else wish.max_tokens))
    extra = {key: value for key, value in (wish.extra or {}).items() if key in ("top_p", "seed", "stop")}
    return {
        **extra,
        "messages": fitted(messages, CONTEXT_TOKENS - most),
        "max_tokens": most,
        "temperature": TEMPERATURE if wish.temperature is None else wish.temperature,
        "repeat_penalty": 1.1,
        "stream": True,
        "cache_prompt": True,
        "return_progress": True,  # a chunk for each batch of the prompt: the only moments at which it can be cancelled
    }


def fitted(messages: Sequence[Mapping[str, Any]], tokens: int) -> list[dict[str, Any]]:
    """`messages` without the oldest of the conversation, `FORGET` at a time, so that they fit; system messages stay.

    Judged by characters, one token each and eight around a message: never too few for Chinese or English.
    """
    system = [dict(message) for message in messages if message.get("role") == "system"]
    rest = [dict(message) for message in messages if message.get("role") != "system"]
    room = tokens - sum(map(_tokens, system))
    while len(rest) > 1 and sum(map(_tokens, rest)) > room:
        del rest[: min(FORGET, len(rest) - 1)]
    return system + rest


def _tokens(message: Mapping[str, Any]) -> int:
    content = message.get("content")
    return 8 + len(content if isinstance(content, str) else str(content))


def _failed(error: Mapping[str, Any]) -> ProviderError:
    kind = str(error.get("type", ""))
    return ProviderError(
        str(error.get("message", "the model failed")), provider=NAME, code=kind, retry=kind == "unavailable_error"
    )
