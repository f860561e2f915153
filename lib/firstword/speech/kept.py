"""A synthesiser that keeps phrases: their first word costs no network, and they are heard while the service is down.

What is told by ``speak`` and is one of the phrases comes from memory, if it is there; everything else is the service's. A phrase gets
there by `Kept.warm`, before anybody needs it, or the first time it is spoken to a caller: its audio is taped as it passes. Only what ended
well is kept, and with its marks, so what was heard of it is known as exactly.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..clock import SYSTEM, Clock
from ..threads import spawn
from .sounds import Memory, Playback, Sound, Tape
from .tts import Synthesis, Synthesiser, SynthesisListener
from .warm_up import ANY, Room, WarmUp

BOUND_BYTES = 8 << 20
"""Nearly nine minutes at 8 kHz."""


class Kept(Synthesiser):
    """Stands before one service, whose voice, rate and other settings do not change: the text alone is the key. Shared by all calls.

    Any thread may call any method. Next: `warm`, if each phrase may be synthesised now; `close`, at the end.

    Args:
        synthesiser: is closed by `close`.
        phrases: the whole texts that are worth keeping, as they are spoken (`text.reader.phrase`), the most important first.
        bound_bytes: of audio. What was not used for longest is dropped.
        room: what a session for a phrase that is prepared needs; those for callers are their user's matter.
    """

    def __init__(
        self,
        synthesiser: Synthesiser,
        phrases: Iterable[str],
        *,
        bound_bytes: int = BOUND_BYTES,
        clock: Clock = SYSTEM,
        room: Room = ANY,
    ) -> None:
        self.name = synthesiser.name
        self.rate = synthesiser.rate
        self.reads = synthesiser.reads
        self._synthesiser = synthesiser
        self._phrases = tuple(dict.fromkeys(filter(None, phrases)))
        self._memory = Memory(bound_bytes)
        self._warm_up = WarmUp(synthesiser, self._phrases, self._memory, clock, room)

    def start(self, label: str, listener: SynthesisListener) -> Synthesis:
        """See `speech.tts.Synthesiser`. Nothing is known of the text: it is the service's, which connects now."""
        return self._synthesiser.start(label, listener)

    def speak(self, label: str, text: str, listener: SynthesisListener) -> Synthesis:
        """See `speech.tts.Synthesiser`. From memory, without a connection, or by the service."""
        playback = self.recall(label, text, listener)
        if playback is not None:
            return playback
        if text in self._phrases:
            listener = Tape(listener, lambda sound: self._taped(text, sound))
        return self._synthesiser.speak(label, text, listener)

    def expect(self, label: str) -> None:
        """See `speech.tts.Synthesiser`."""
        self._synthesiser.expect(label)

    def recall(self, label: str, text: str, listener: SynthesisListener) -> Synthesis | None:
        """The same from memory only: without a connection, and so without a failure. None if it is not there."""
        sound = self._memory.get(text)
        if sound is None:
            return None
        playback = Playback(sound, self.rate, listener)
        spawn("tts", playback.run, label)
        return playback

    def warm(self) -> None:
        """Have the service speak what is not kept yet, one phrase after the other, in the background. Returns at once.

        What fails is logged in one line, and tried again once a phrase has been spoken to a caller: then the service works.
        """
        self._warm_up.begin()

    def close(self) -> None:
        """See `speech.tts.Synthesiser`."""
        self._warm_up.end()
        self._memory.clear()
        self._synthesiser.close()

    def _taped(self, text: str, sound: Sound) -> None:
        if self._memory.put(text, sound):
            self._warm_up.again()
        else:
            self._warm_up.enough()
