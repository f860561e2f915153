"""A synthesiser's service, played by a test: see `playing`. A vendor's part in the stories is one class over `Speaker` (`speakers`)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from types import ModuleType
from typing import ClassVar

from firstword.speech.tts import Synthesiser
from firstword.speech.watch import Watch
from net.loopback import Peer

from .playing import Asked, Part, Script, Stage

TENTH = bytes(1600)
"""100 ms at 8 kHz."""


def a_tenth_each(text: str) -> bytes:
    return TENTH * len(text)


class Speaker(Part):
    """How a service takes text, speaks, ends and fails."""

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
    voiceless: ClassVar[tuple[str, str, bool]] = ("was given text and sent no audio for it", "server", True)
    """What the client says of a text that becomes no audio: words, kind, and whether to try again."""

    def __init__(self, peer: Peer, spoken: list[str]) -> None:
        super().__init__(peer)
        self._spoken = spoken

    # What a protocol says

    @abstractmethod
    def sound(self, pcm: bytes) -> None:
        """Send some of the audio."""

    def said(self) -> None:
        """What has come is spoken; more may follow."""

    @abstractmethod
    def words(self) -> None:
        """Say something in order that brings neither audio nor a mark."""

    @abstractmethod
    def tire(self) -> None:
        """End a task that has had no text for long, as the service does that."""

    def refuse_flush(self) -> None:
        """Fail for being asked to flush."""
        raise NotImplementedError

    # What a script is made of

    def text_came(self) -> str:
        """The next text."""
        self.came("text")
        return self.texts[-1]

    def all_came(self) -> str:
        """Everything that is to be spoken, once it must be."""
        self.came(*self.all_asked)
        return "".join(self.texts)

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

    def _over(self, times: int) -> None:
        self._spoken.append("".join(self.texts))
        self.texts = []
        self._tell_end(times)


def whole(speaker: Speaker, audio: Callable[[str], bytes] = a_tenth_each) -> None:
    """An honest service: takes a text to its end and speaks it; and the next, if the connection is used again."""
    speaker.start()
    speaker.goes_on(audio)


def briefly(speaker: Speaker) -> None:
    """An honest service that is done with any text in 100 ms."""
    whole(speaker, lambda text: TENTH)


class SpeakingStage(Stage):
    """See `playing.Stage`."""

    def __init__(self, service: type[Speaker], *scripts: Script, **values: str) -> None:
        self.spoken: list[str] = []
        """What each task that came to its end has spoken."""
        self._speaker = service
        super().__init__(service, *scripts, **values)

    def _part(self, peer: Peer) -> Part:
        return self._speaker(peer, self.spoken)

    def say(self, *texts: str, finish: bool = True) -> Watch:
        """A reply that is said at once."""
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
