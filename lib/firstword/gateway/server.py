"""The gateway itself: one port, its own loop on its own thread.

with Gateway(GatewayOptions(first_token_ms=300, tokens_per_s=20), mind=ScriptedMind(["您好。"])) as gateway:
    ...                                # point a client at gateway.ws_url, gateway.token_url, gateway.chat_url
    gateway.faults.set("tts", Fault("cut", events=5))
    gateway.wait(lambda: gateway.seen("tts") and gateway.seen("tts")[0].closed, 2.0)
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from aiohttp import web

from ..clock import SYSTEM, Clock
from ..errors import ConfigError
from ..threads import join, spawn
from . import engines
from .chat import ChatDoor
from .dashscope.door import TaskDoor
from .dashscope.generation import GenerationDoor
from .dashscope.realtime import RealtimeDoor
from .engines import Hearer, Mind, SegmentHearer, Voice
from .faults import Faults
from .journal import Journal, Statistics, Visit
from .kit import ANY, Kit
from .minds import ScriptedMind
from .nls import NlsDoor
from .options import GatewayOptions
from .pace import Pace
from .token_door import TokenDoor
from .tokens import Tokens
from .voices import ToneHearer, ToneVoice
from .workshop import Workshop

log = logging.getLogger("firstword.gateway")

BACKLOG = 512
ACCEPTING = 5
"""Turns of the loop from an accepted socket to a connection that the runner knows of, and closes: asyncio takes two."""
CLOSE_S = 10.0
"""How long `Gateway.close` waits for the loop's thread."""


class Gateway:
    """A gateway that is up from `start` (or ``with``) to `close`. Any thread may call any method, but for one that says otherwise.

    Args:
        options: how it behaves.
        voices: what speaks, by the voice's name in requests; the name ``""`` speaks for every other. Default: `options.voice`.
        hearer: what recognises. Default: `options.hearer`.
        mind: what answers chat requests. Default: `options.mind`.
        clock: all its delays and all the moments in its journal are of this clock.

    Raises:
        ConfigError: an engine is unknown or not installed, or the options do not go together.
        ScriptError: the script can not be read.
    """

    def __init__(
        self,
        options: GatewayOptions | None = None,
        *,
        voices: Mapping[str, Voice] | None = None,
        hearer: Hearer | SegmentHearer | None = None,
        mind: Mind | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self.options = options or GatewayOptions()
        self.options.check()
        self.faults = Faults()
        self._clock = clock
        self._journal = Journal(clock)
        self._workshop = Workshop(self.options.workers)
        self._kit = Kit(
            options=self.options,
            clock=clock,
            pace=Pace.of(self.options),
            journal=self._journal,
            faults=self.faults,
            tokens=Tokens(self.options, time.time),
            workshop=self._workshop,
            voices=voices if voices is not None else {ANY: _voice(self.options)},
            hearer=_hearer(self.options, hearer),
            mind=mind or _mind(self.options),
        )
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._where = ("", 0)

    def start(self) -> Gateway:
        """Listen and serve. Returns when connections are taken. Next: `close`.

        Raises:
            ConfigError: the address can not be listened on.
        """
        if self._thread is not None:
            raise RuntimeError("a gateway starts once")
        self._socket = _listen(self.options)
        host, port = self._socket.getsockname()[:2]
        self._where = (f"[{host}]" if ":" in host else host, port)
        self._thread = spawn("gateway", lambda: asyncio.run(self._serve()), str(port))
        if not self._ready.wait(CLOSE_S):
            self.close()
            raise ConfigError("the gateway did not come up; its log says why")
        return self

    def close(self) -> None:
        """End every connection and all work; nothing is left over. Idempotent."""
        self._kit.closing = True
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        if self._thread is not None:
            join([self._thread], CLOSE_S)
        self._workshop.close()
        if self._socket is not None:
            self._socket.close()

    def __enter__(self) -> Gateway:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        return self._where[1]

    @property
    def url(self) -> str:
        """``http://host:port``, the base of everything."""
        return f"http://{self._where[0]}:{self._where[1]}"

    @property
    def ws_url(self) -> str:
        """All NLS services, as the real gateway has them."""
        return f"ws://{self._where[0]}:{self._where[1]}/ws/v1"

    @property
    def tts_url(self) -> str:
        """The same for a synthesiser: faults of ``tts`` can then happen at the upgrade."""
        return f"ws://{self._where[0]}:{self._where[1]}/tts/ws/v1"

    @property
    def asr_url(self) -> str:
        """The same for a recogniser: faults of ``asr`` can then happen at the upgrade."""
        return f"ws://{self._where[0]}:{self._where[1]}/asr/ws/v1"

    @property
    def token_url(self) -> str:
        """CreateToken."""
        return f"{self.url}/"

    @property
    def chat_url(self) -> str:
        """The ``base_url`` of an OpenAI client: it adds ``/chat/completions``."""
        return f"{self.url}/v1"

    @property
    def inference_url(self) -> str:
        """DashScope's task protocol: CosyVoice, Paraformer and the like."""
        return f"ws://{self._where[0]}:{self._where[1]}/api-ws/v1/inference"

    @property
    def realtime_url(self) -> str:
        """DashScope's realtime protocol: Qwen-TTS-Realtime and Qwen-ASR-Realtime, by the ``model`` that a client adds."""
        return f"ws://{self._where[0]}:{self._where[1]}/api-ws/v1/realtime"

    @property
    def dashscope_url(self) -> str:
        """DashScope's HTTP services; a client adds ``/services/aigc/text-generation/generation``."""
        return f"{self.url}/api/v1"

    @property
    def appkey(self) -> str:
        return self.options.appkey

    @property
    def access_key_id(self) -> str:
        return self.options.access_key_id

    @property
    def access_key_secret(self) -> str:
        return self.options.access_key_secret

    @property
    def api_key(self) -> str:
        return self.options.api_key

    def token(self) -> str:
        """A good NLS token, without asking CreateToken."""
        return self._kit.tokens.grant()[0]

    def revoke_tokens(self) -> None:
        """Every token granted so far is bad from now on: the next upgrade with one is refused with 403."""
        self._kit.tokens.revoke()

    @property
    def log(self) -> list[Visit]:
        """What happened, per connection, oldest first."""
        return self._journal.seen()

    def seen(self, service: str = "") -> list[Visit]:
        """The same for one service: ``tts``, ``asr``, ``llm``, ``token``, ``cosyvoice``, ``paraformer`` (every recogniser of the task
        protocol), ``generation``; ``nls`` or ``dashscope`` for connections that did not say what they wanted."""
        return self._journal.seen(service)

    def wait(self, until: Callable[[], object], seconds: float) -> bool:
        """Wait until `until()` is true; it is asked again whenever something happens here. Returns whether it became so."""
        return self._journal.wait(lambda: bool(until()), seconds)

    def tell(self, listener: Callable[[Visit], None]) -> None:
        """Tell `listener` each visit that ends, on the gateway's loop. To be called before the gateway is entered."""
        self._journal.on_left = listener

    def statistics(self) -> Statistics:
        """Counts since the start."""
        return self._journal.statistics()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        # handler_cancellation: a client that goes away ends the mind and the voice at once
        runner = web.AppRunner(_app(self._kit), access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await runner.setup()
        assert self._socket is not None
        try:
            await web.SockSite(runner, self._socket, backlog=BACKLOG).start()
            self._ready.set()
            await self._stop.wait()
            # asyncio forgets to close what it has accepted, but not yet made a connection of, when its server closes.
            self._loop.remove_reader(self._socket)
            for _ in range(ACCEPTING):
                await asyncio.sleep(0)
        finally:
            await runner.cleanup()


def _app(kit: Kit) -> web.Application:
    app = web.Application()
    chat, token, tasks = ChatDoor(kit), TokenDoor(kit), TaskDoor(kit)
    app.router.add_get("/ws/v1", NlsDoor(kit).handle)
    app.router.add_get("/tts/ws/v1", NlsDoor(kit, "tts").handle)
    app.router.add_get("/asr/ws/v1", NlsDoor(kit, "asr").handle)
    for path in ("/api-ws/v1/inference", "/api-ws/v1/inference/"):
        app.router.add_get(path, tasks.handle)
    app.router.add_get("/api-ws/v1/realtime", RealtimeDoor(kit).handle)
    app.router.add_get("/", token.handle)
    app.router.add_post("/", token.handle)
    app.router.add_post("/api/v1/services/aigc/text-generation/generation", GenerationDoor(kit).handle)
    for base in ("/v1", "/compatible-mode/v1"):
        app.router.add_post(f"{base}/chat/completions", chat.complete)
        app.router.add_get(f"{base}/models", chat.models)
    return app


def _listen(options: GatewayOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigError(f"the gateway can not listen on {options.host}:{options.port}: {error.strerror}") from error
    return listener


def _voice(options: GatewayOptions) -> Voice:
    return ToneVoice(options.byte_ms) if options.voice == "tone" else engines.voice(options.voice)


def _hearer(options: GatewayOptions, given: Hearer | SegmentHearer | None) -> Hearer:
    hearer = given
    if hearer is None:
        hearer = ToneHearer(options.byte_ms) if options.hearer == "tone" else engines.hearer(options.hearer)
    if isinstance(hearer, Hearer):
        return hearer
    from .hearing import Segments  # brings a VAD, which only such a hearer needs

    return Segments(hearer, options.vad)


def _mind(options: GatewayOptions) -> Mind:
    if options.mind == "scripted" and options.script:
        return ScriptedMind.load(options.script)
    return engines.mind(options.mind)
