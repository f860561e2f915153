"""What phrases sound like: taped as they pass, remembered within a bound, played from memory. For `kept`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import ProviderError
from .gate import Gate
from .tts import Mark, SynthesisListener

PIECE_MS = 200
"""Audio is told in pieces of so much: a listener converts and writes each in the same call, and should return at once."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A phrase, whole: 16-bit samples at its synthesiser's rate, and where its text stands in them."""

    pcm: bytes
    marks: tuple[Mark, ...]


class Tape:
    """A listener that tells another everything, and `keep`, before the other's ``finished``, what it was. The synthesiser's thread.

    What failed or was cancelled is not kept, nor is silence: a service that had nothing to say may have something the next time.
    """

    def __init__(self, listener: SynthesisListener, keep: Callable[[Sound], None]) -> None:
        self._listener = listener
        self._keep = keep
        self._pieces: list[bytes] = []
        self._marks: list[Mark] = []

    def audio(self, pcm: bytes) -> None:
        self._listener.audio(pcm)
        self._pieces.append(pcm)

    def mark(self, mark: Mark) -> None:
        self._listener.mark(mark)
        self._marks.append(mark)

    def finished(self) -> None:
        if self._pieces:
            self._keep(Sound(b"".join(self._pieces), tuple(self._marks)))
        self._listener.finished()

    def failed(self, error: ProviderError) -> None:
        self._listener.failed(error)


class Memory:
    """Text -> sound, at most `bound_bytes` of audio. Any thread."""

    def __init__(self, bound_bytes: int) -> None:
        self.bound_bytes = bound_bytes
        self.bytes = 0
        """What is there."""
        self._lock = threading.Lock()
        self._sounds: OrderedDict[str, Sound] = OrderedDict()  # the latest used is the last

    def __contains__(self, text: str) -> bool:
        return text in self._sounds

    def __len__(self) -> int:
        return len(self._sounds)

    def get(self, text: str) -> Sound | None:
        """To be used now: it is the last that is dropped."""
        with self._lock:
            sound = self._sounds.get(text)
            if sound is not None:
                self._sounds.move_to_end(text)
            return sound

    def add(self, text: str, sound: Sound) -> bool:
        """Keep it, if there is room. Returns whether there was."""
        with self._lock:
            if self.bytes + len(sound.pcm) > self.bound_bytes:
                return False
            self._keep(text, sound)
            return True

    def put(self, text: str, sound: Sound) -> bool:
        """Keep it, at the cost of those not used for longest. Returns whether there was room for all."""
        with self._lock:
            if len(sound.pcm) > self.bound_bytes:
                return False
            self._keep(text, sound)
            room = self.bytes <= self.bound_bytes
            while self.bytes > self.bound_bytes:
                _, dropped = self._sounds.popitem(last=False)
                self.bytes -= len(dropped.pcm)
            return room

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._sounds.clear()
            self.bytes = 0

    def _keep(self, text: str, sound: Sound) -> None:
        before = self._sounds.pop(text, None)
        self.bytes += len(sound.pcm) - (len(before.pcm) if before else 0)
        self._sounds[text] = sound


class Playback:
    """A `speech.tts.Synthesis` from memory. Next: `run`, on a thread of its own, which ends with it.

    Args:
        rate: samples per second of `sound`.
    """

    def __init__(self, sound: Sound, rate: int, listener: SynthesisListener) -> None:
        self._sound = sound
        self._piece_bytes = rate * PIECE_MS // 1000 * 2
        self._listener = listener
        self._gate = Gate()

    def run(self) -> None:
        """Tell the listener all of it. Waits for nothing."""
        for mark in self._sound.marks:  # first: so each moment of the audio is known once it is told
            self._gate.call(self._listener.mark, mark)
        pcm = self._sound.pcm
        for at in range(0, len(pcm), self._piece_bytes):
            if not self._gate.call(self._listener.audio, pcm[at : at + self._piece_bytes]):
                return
        self._gate.last(self._listener.finished)

    def say(self, text: str) -> None:
        """Too late: the whole text was known before. So are the next two."""

    def flush(self) -> None: ...

    def finish(self) -> None: ...

    def cancel(self) -> None:
        """See `speech.tts.Synthesis`."""
        self._gate.close()
