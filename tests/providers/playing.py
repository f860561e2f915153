"""A service that is played by a test, whatever its protocol: what all parts have in common, the stage, and how a failure is judged.

`speaking` and `hearing` say what a synthesiser's and a recogniser's service do; `speakers` and `hearers`, how each vendor's does it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from firstword.errors import Kind, ProviderError
from firstword.speech.watch import Watch
from net.loopback import CLOSE, TEXT, Loopback, Peer

Asked = Literal["begin", "text", "flush", "audio", "end"]
"""What a client's message asks for, in whichever protocol."""


class Part(ABC):
    """The service's side of one connection. A script calls its methods in the order of the story; once the client has closed, whatever
    reads raises ConnectionError, which ends a script quietly."""

    name: ClassVar[str]
    """As the client's errors must name it."""
    secret: ClassVar[str]
    """What no error may tell."""
    forbidden: ClassVar[tuple[str, str, str]]
    """How a wrong key is refused: the status, the body, and words of the client's error."""
    no_message: ClassVar[str] = "that is no message of its protocol"
    """What the client says of nonsense."""
    throttled: ClassVar[tuple[str, str]]
    """The code and words of the client's error when the service has too much to do."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.asked_for: list[Asked] = []
        """All that was asked for on this connection."""
        self.texts: list[str] = []
        """What the messages of the task under way brought."""
        self.left = False
        """Whether the client said goodbye."""

    @classmethod
    @abstractmethod
    def make(cls, url: str, **values: str) -> Any:
        """The client, without spares."""

    # What a protocol says

    @abstractmethod
    def _read(self) -> tuple[Asked, str] | None:
        """The client's next message, and its text if it brings one. None at its goodbye."""

    @abstractmethod
    def ready(self) -> None:
        """Say that the work may begin."""

    @abstractmethod
    def _tell_end(self, times: int = 1) -> None:
        """Say the end of everything, so often, in one packet."""

    @abstractmethod
    def throttle(self) -> None:
        """Fail for having too much to do."""

    # What a script is made of

    def asked(self) -> None:
        """Take the client's request to begin."""
        assert self._next() == "begin"

    def start(self) -> None:
        self.asked()
        self.ready()

    def keep_waiting(self, until: Callable[[], None]) -> None:
        """Start, but not before `until` has returned; nothing may come that was not to come yet."""
        self.asked()
        until()
        self.peer.sock.setblocking(False)
        try:
            early = self.peer.read(1)
        except BlockingIOError:
            early = b""
        assert not early
        self.peer.sock.setblocking(True)
        self.ready()

    def came(self, *what: Asked) -> Asked:
        """Read up to the first of these."""
        while (now := self._next()) not in what:
            pass
        return now

    def ends_by_itself(self) -> None:
        """Say the end of everything, whatever was asked for."""
        self._tell_end()

    def nonsense(self) -> None:
        self.peer.send_frame(TEXT, "{")

    def hang_up(self, code: int = 1000, why: str = "") -> None:
        """In order: what the client still sends is read, or it might be told of a reset before it has read this."""
        self.peer.send_frame(CLOSE, code.to_bytes(2, "big") + why.encode())
        self.peer.read_until_close()

    def hold(self) -> None:
        self.peer.hold()

    def _next(self) -> Asked:
        read = self._read()
        if read is None:
            self.left = True
            raise ConnectionError("the client has said goodbye")
        what, text = read
        self.asked_for.append(what)
        if what == "text":
            self.texts.append(text)
        return what


Script = Callable[[Any], Any]
"""What one connection does, by its `Part`."""


class Stage:
    """``with Stage(service, script, ...) as stage``: a client of ours and the service it works with. Each connection plays the next
    script, the last one again and again.

    Args:
        values: settings of the client's.
    """

    def __init__(self, service: type[Part], *scripts: Script, **values: str) -> None:
        self.parts: list[Any] = []
        """One for each connection."""
        self._service = service
        self._values = values
        self._server = Loopback(*(self._play(script) for script in scripts))

    @property
    def connections(self) -> int:
        return self._server.connections

    def _play(self, script: Script) -> Callable[[Peer], Any]:
        def played(peer: Peer) -> Any:
            part = self._part(peer)
            self.parts.append(part)
            return script(part)

        return played

    def _part(self, peer: Peer) -> Part:
        return self._service(peer)

    def __enter__(self) -> Any:
        self._server.__enter__()
        self.client = self._service.make(self._server.ws, **self._values)
        return self

    def __exit__(self, *error: Any) -> None:
        self.client.close()
        self._server.__exit__(*error)

    def start(self) -> tuple[Watch, Any]:
        watch = Watch()
        return watch, self.client.start("t", watch)


@dataclass(frozen=True)
class Failure:
    """What a service does, and what its client says of it: some words, and what it is about. All of these are worth another try.

    `finishes`: the client has said all it has to say.
    """

    script: Script
    words: str
    kind: Kind = "server"
    values: Mapping[str, str] = field(default_factory=dict)
    finishes: bool = False


def judged(service: type[Part], error: ProviderError | None) -> ProviderError:
    """The error, which names its service and tells no secret."""
    assert error is not None
    assert error.provider == service.name and service.secret not in str(error), error
    return error


def forbids(part: Part) -> None:
    """Refuses the client's key."""
    status, body, _ = part.forbidden
    part.peer.read_head()
    part.peer.answer(status, body)


def judge_forbidden(service: type[Part], error: ProviderError | None) -> None:
    status, _, words = service.forbidden
    error = judged(service, error)
    assert words in str(error), error
    assert (error.code, error.retry, error.kind) == (f"HTTP {status[:3]}", False, "credentials")


def judge_throttled(service: type[Part], error: ProviderError | None) -> None:
    code, words = service.throttled
    error = judged(service, error)
    assert words in str(error), error
    assert (error.code, error.retry, error.kind) == (code, True, "throttled")
