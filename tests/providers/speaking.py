"""A service that speaks, played by a test: what every protocol of a synthesiser has in common, and the stage for a story.

A vendor's part in the stories is one class over `Speaker` (`speakers`): how its service takes text, speaks, ends and fails.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import ModuleType
from typing import Any, ClassVar, Literal

from firstword.speech.tts import Synthesis, Synthesiser
from firstword.speech.watch import Watch
from net.loopback import TEXT, Loopback, Peer

Asked = Literal["begin", "text", "flush", "end"]
"""What a client's message asks for, in whichever protocol."""
TENTH = bytes(1600)
"""100 ms at 8 kHz."""


def a_tenth_each(text: str) -> bytes:
    return TENTH * len(text)


class Speaker(ABC):
    """The service's side of one connection. A script calls its methods in the order of the story; once the client has closed, whatever
    reads raises ConnectionError, which ends a script quietly."""

    name: ClassVar[str]
    """As the client's errors must name it."""
    secret: ClassVar[str]
    """What no error may tell."""
    exact: ClassVar[bool]
    """Whether the end of a text is known exactly."""
    message_chars: ClassVar[int]
    """How much text one message may hold."""
    rests: ClassVar[ModuleType]
    """The module whose ``REST_S`` says for how long a task may be without text."""
    shared: ClassVar[bool] = False
    """Whether a connection carries one task after the other."""
    flush_waits_its_turn: ClassVar[bool] = True
    """Whether a flush is told where it was called; else all text that there is goes together."""
    all_asked: ClassVar[tuple[Asked, ...]] = ("end",)
    """With these everything that came before must be spoken."""
    forbidden: ClassVar[tuple[str, str, str]]
    """How a wrong key is refused: the status, the body, and words of the client's error."""
    throttled_code: ClassVar[str]
    """Of the client's error when the service has too much to do."""
    voiceless: ClassVar[tuple[str, str, bool]] = ("was given text and sent no audio for it", "server", True)
    """What the client says of a text that becomes no audio: words, kind, and whether to try again."""

    def __init__(self, peer: Peer, spoken: list[str]) -> None:
        self.peer = peer
        self.texts: list[str] = []
        """What the messages of the task under way brought."""
        self.asked_for: list[Asked] = []
        """All that was asked for on this connection."""
        self.left = False
        """Whether the client said goodbye."""
        self._spoken = spoken

    @classmethod
    @abstractmethod
    def make(cls, url: str, **values: str) -> Synthesiser:
        """The client, without spares."""

    # What a protocol says

    @abstractmethod
    def _read(self) -> tuple[Asked, str] | None:
        """The client's next message, and its text if it brings one. None at its goodbye."""

    @abstractmethod
    def ready(self) -> None:
        """Say that text may come."""

    @abstractmethod
    def sound(self, pcm: bytes) -> None:
        """Send some of the audio."""

    def said(self) -> None:  # noqa: B027 - some protocols have no word for it
        """What has come is spoken; more may follow."""

    @abstractmethod
    def _tell_end(self, times: int = 1) -> None:
        """Say the end of everything, so often, in one packet."""

    def ends_by_itself(self) -> None:
        """Say the end of everything, whatever was asked for."""
        self._tell_end()

    @abstractmethod
    def words(self) -> None:
        """Say something in order that brings neither audio nor a mark."""

    @abstractmethod
    def tire(self) -> None:
        """End a task that has had no text for long, as the service does that."""

    @abstractmethod
    def throttle(self) -> None:
        """Fail for having too much to do."""

    def refuse_flush(self) -> None:
        """Fail for being asked to flush."""
        raise NotImplementedError

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

    def text_came(self) -> str:
        """The next text."""
        self.came("text")
        return self.texts[-1]

    def all_came(self) -> str:
        """Everything that is to be spoken, once it must be."""
        self.came(*self.all_asked)
        return "".join(self.texts)

    def came(self, *what: Asked) -> Asked:
        """Read up to the first of these."""
        while (now := self._next()) not in what:
            pass
        return now

    def end(self, times: int = 1) -> None:
        """Everything of this task is spoken."""
        self.said()
        self._over(times)

    def finish(self) -> None:
        """Everything is spoken already: wait until nothing more comes, and say the end."""
        self.came("end")
        self._over(1)

    def goes_on(self, audio: Callable[[str], bytes] = a_tenth_each) -> None:
        """The rest of `whole`, of a task that has begun."""
        while True:
            self.sound(audio(self.all_came()))
            self.end()
            self.start()

    def nonsense(self) -> None:
        self.peer.send_frame(TEXT, "{")

    def _over(self, times: int) -> None:
        self._spoken.append("".join(self.texts))
        self.texts = []
        self._tell_end(times)

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
"""What one connection does, by its `Speaker`."""


def whole(speaker: Speaker, audio: Callable[[str], bytes] = a_tenth_each) -> None:
    """An honest service: takes a text to its end and speaks it; and the next, if the connection is used again."""
    speaker.start()
    speaker.goes_on(audio)


def briefly(speaker: Speaker) -> None:
    """An honest service that is done with any text in 100 ms."""
    whole(speaker, lambda text: TENTH)


class Stage:
    """``with Stage(service, script, ...) as stage``: a client of ours and the service it speaks with. Each connection plays the next
    script, the last one again and again.

    Args:
        values: settings of the client's.
    """

    def __init__(self, service: type[Speaker], *scripts: Script, **values: str) -> None:
        self.spoken: list[str] = []
        """What each task that came to its end has spoken."""
        self.speakers: list[Speaker] = []
        """One for each connection."""
        self._service = service
        self._values = values
        self._server = Loopback(*(self._play(script) for script in scripts))

    @property
    def connections(self) -> int:
        return self._server.connections

    def _play(self, script: Script) -> Callable[[Peer], Any]:
        def played(peer: Peer) -> Any:
            self.speakers.append(self._service(peer, self.spoken))
            return script(self.speakers[-1])

        return played

    def __enter__(self) -> Stage:
        self._server.__enter__()
        self.client = self._service.make(self._server.ws, **self._values)
        return self

    def __exit__(self, *error: Any) -> None:
        self.client.close()
        self._server.__exit__(*error)

    def start(self) -> tuple[Watch, Synthesis]:
        watch = Watch()
        return watch, self.client.start("t", watch)

    def say(self, *texts: str, finish: bool = True) -> Watch:
        return say(self.client, *texts, finish=finish)


def say(client: Synthesiser, *texts: str, finish: bool = True) -> Watch:
    """A reply that is said at once."""
    watch = Watch()
    work = client.start("t", watch)
    for text in texts:
        work.say(text)
    if finish:
        work.finish()
    return watch


def audio_of(watch: Watch) -> bytes:
    return b"".join(args[0] for name, args in watch.events if name == "audio")


def marks_of(watch: Watch) -> list[tuple[int, float, bool]]:
    return [(args[0].chars, args[0].audio_ms, args[0].exact) for name, args in watch.events if name == "mark"]
