"""The caller's end of a simulated call: a mouth and two ears on a line of 20 ms frames.

The session thread is the line's clock: each of its ticks takes one frame from the mouth and gives one to the ears.
The caller's thread fills the mouth and waits for what the ears notice. What happens once per tick is kept to a few
microseconds: a hundred lines share one interpreter.
"""

from __future__ import annotations

import threading
import wave
from array import array
from collections import deque
from pathlib import Path

import numpy as np

from ..audio.pcm import peak
from ..clock import SYSTEM, Clock
from .room import Room

FRAMES_PER_SECOND = 50
LOUD = 256
"""The peak above which a frame counts as speech: 42 dB under full scale, over any comfort noise and under any
voice."""


class Line:
    """One call's audio, both ways, as the caller has it.

    Args:
        rate: samples per second of the channel.
        clock: the time of all arrivals.
        pause_ms: how long the bot must have been silent before speech counts as an onset, the beginning of a reply.
    """

    def __init__(self, rate: int = 8000, clock: Clock = SYSTEM, pause_ms: float = 300) -> None:
        self.rate = rate
        self.frame_bytes = rate // FRAMES_PER_SECOND * 2
        self.silence = bytes(self.frame_bytes)
        self.onsets: list[float] = []
        """When the bot began to speak, each time, in the clock's seconds."""
        self.last_loud = float("-inf")
        """When the last frame that held speech arrived."""
        self.arrivals = array("d")
        """When each frame was heard, in the clock's seconds."""
        self.gaps: list[tuple[int, int]] = []
        """``(frame, missing)``: before frame number `frame`, so many frames never came, because the session thread stood
        still."""
        self.ended = False
        """Whether the channel has gone: nothing will be taken or heard any more."""
        self.changes = 0
        """How often something has changed that somebody may wait for."""
        self.room = Room(rate)
        """What is sent besides the caller. Another may be put here before the first frame."""
        self._clock = clock
        self._pause = pause_ms / 1000
        self._heard = bytearray()
        self._mouth: deque[bytes] = deque()
        self._said: list[tuple[int, bytes]] = []  # the frame it lies on, and what the caller said there
        self._sent: list[tuple[int, bytes]] = []  # the same with what the room made of it, where it made anything
        self._given = 0  # frames that were ever to be said
        self._changed = threading.Condition()

    # The session thread, once a tick.

    def take(self) -> bytes:
        """The next frame of what the caller's line sends. Session thread."""
        frame = self._from_mouth() if self._mouth else self.silence
        if self.room.empty:
            return frame
        frame = self.room.around(frame, self._heard)
        self._sent.append((len(self.arrivals), frame))
        return frame

    def _from_mouth(self) -> bytes:
        frame = self._mouth.popleft()
        index = len(self.arrivals)
        if (
            self._said and index <= self._said[-1][0]
        ):  # less is heard than said: what is said still lies one after another
            index = self._said[-1][0] + 1
        self._said.append((index, frame))
        if not self._mouth:
            self._notify()
        return frame

    def hear(self, frame: bytes, at: float) -> None:
        """The caller hears `frame` at `at`. Session thread."""
        self._heard += frame
        self.arrivals.append(at)
        if frame != self.silence and peak(frame) > LOUD:
            began = at - self.last_loud > self._pause
            self.last_loud = at
            if began:
                self.onsets.append(at)
                self._notify()

    def miss(self, frames: int) -> None:
        """So many ticks were left out. Session thread."""
        self.gaps.append((len(self.arrivals), frames))

    def end(self) -> None:
        """The channel is gone. Any thread; idempotent."""
        self.ended = True
        self._notify()

    # The caller's thread.

    def say(self, pcm: bytes) -> int:
        """Say `pcm` after what is being said: 16-bit little-endian mono at the line's rate; the last frame is filled up with
        silence. Returns the number of its first frame, for `said_at`."""
        size = self.frame_bytes
        frames = [pcm[i : i + size] for i in range(0, len(pcm), size)]
        if frames:
            frames[-1] = frames[-1].ljust(size, b"\0")
        first = self._given
        self._given += len(frames)
        self._mouth.extend(frames)
        return first

    @property
    def saying(self) -> bool:
        """Whether something is still to be said."""
        return bool(self._mouth)

    def hush(self) -> None:
        """Stop saying."""
        self._mouth.clear()

    def wait(self, seconds: float, changes: int) -> None:
        """Wait until something changes (an onset, the mouth is empty, the end), at most `seconds` of the clock; not at all if
        something has since `changes` was read."""
        with self._changed:
            if not self.ended and self.changes == changes:
                self._changed.wait(self._clock.real(max(0.0, seconds)))

    def _notify(self) -> None:
        with self._changed:
            self.changes += 1
            self._changed.notify_all()

    # Afterwards, or from any thread.

    @property
    def frames(self) -> int:
        """How many frames have been heard."""
        return len(self.arrivals)

    def heard(self, begin: int = 0) -> bytes:
        """What was heard since frame number `begin`."""
        return bytes(self._heard[begin * self.frame_bytes :])

    def said_at(self, number: int) -> float:
        """When frame `number` of all that was to be said was taken, in the clock's seconds; infinite for one that never was."""
        if number >= len(self._said):
            return float("inf")
        return self.arrivals[min(self._said[number][0], len(self.arrivals) - 1)]

    def said(self) -> bytes:
        """What the caller's line sent, on the same frames as `heard`."""
        audio = bytearray(len(self.arrivals) * self.frame_bytes)
        for index, frame in (*self._said, *self._sent):
            if index < len(self.arrivals):
                audio[index * self.frame_bytes : (index + 1) * self.frame_bytes] = frame
        return bytes(audio)

    def write_wav(self, path: Path) -> None:
        """Both sides in one WAV: the caller left, the bot right; what never came is silence, so that the file runs with the
        clock."""
        left, right = self._aligned(self.said()), self._aligned(self.heard())
        size = min(len(left), len(right))
        with wave.open(str(path), "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(self.rate)
            out.writeframes(np.stack((left[:size], right[:size]), axis=1).astype("<i2").tobytes())

    def _aligned(self, audio: bytes) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
        size, parts, begin = self.frame_bytes, [], 0
        for frame, missing in self.gaps:
            parts += [audio[begin * size : frame * size], bytes(missing * size)]
            begin = frame
        parts.append(audio[begin * size :])
        return np.frombuffer(b"".join(parts), "<i2")
