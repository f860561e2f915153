"""Text to paced binary messages: what both synthesisers do with a voice."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from .engines import Voice
from .framing import Framing, wav_header
from .kit import Kit

Character = tuple[int, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """One binary message and the characters of the unit that have begun by its end and were not in an earlier one."""

    audio: bytes
    characters: tuple[Character, ...]


class Voicing:
    """Speaks the units of one task, one after the other, not faster than the gateway's pace.

    The first audio of a unit is due `first_packet_ms` after the unit was complete, but not before the one before it is synthesised; from
    there audio comes at `real_time_factor`.
    """

    def __init__(self, kit: Kit, voice: Voice, rate: int, wav: bool = False) -> None:
        self._kit = kit
        self._voice = voice
        self._rate = rate
        self._head = wav_header(rate) if wav else b""
        self._framing = Framing(kit.options.frame_bytes)
        self._free = 0.0
        """When the synthesis of what was spoken so far ends."""
        self.spoken_ms = 0.0
        """How long the last unit was."""

    async def speak(self, text: str, complete: float) -> AsyncGenerator[Frame, None]:
        """The messages of `text`, which was there at the moment `complete`, each when it is due. Close it to cancel the voice.

        Raises:
            EngineError: the voice's.
        """
        kit, pace = self._kit, self._kit.pace
        first: float | None = None
        sent = 0
        waiting: deque[Character] = deque()
        steps = kit.workshop.steps("gateway-voice", self._voice.quick, lambda: self._voice.speak(text, self._rate))
        async with aclosing(steps):
            async for spoken in steps:
                waiting.extend(spoken.characters)
                for audio in self._framing.cut(spoken.pcm):
                    if first is None:
                        await kit.until(max(complete + pace.first_packet_s, self._free))
                        first = kit.clock.now()
                    await kit.until(pace.audio(first, self._ms(sent)))
                    sent += len(audio)
                    begun = []
                    while waiting and waiting[0][1] < self._ms(sent):
                        begun.append(waiting.popleft())
                    head, self._head = self._head, b""
                    yield Frame(head + audio, tuple(begun))
        self.spoken_ms = self._ms(sent)
        if first is not None:
            self._free = pace.audio(first, self.spoken_ms)

    def _ms(self, size: int) -> float:
        return size / 2 * 1000 / self._rate


def subtitles(text: str, characters: Sequence[Character]) -> list[dict[str, Any]]:
    """Characters as the items of a ``subtitles`` list; times and indexes count from the beginning of `text`."""
    return [
        {
            "text": text[index : index + 1],
            "begin_time": round(begin_ms),
            "end_time": round(end_ms),
            "begin_index": index,
            "end_index": index + 1,
        }
        for index, begin_ms, end_ms in characters
    ]
