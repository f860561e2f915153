"""A switch's side of a line's FIFOs, and a listener that writes everything down."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firstword.audio import vad
from firstword.audio.ears import Ears
from firstword.audio.line import Line
from firstword.clock import SYSTEM, Clock
from firstword.errors import ConfigError
from firstword.events import Edge

FRAME = 320


def needs_silero() -> None:
    """Skip the test where Silero's model or the package that runs it is not installed: the local engines bring only the latter."""
    pytest.importorskip("onnxruntime")
    try:
        vad.silero_path()
    except ConfigError as error:
        pytest.skip(str(error))


class LoudIsSpeech:
    """A judge that needs no model: a frame is speech if its first sample is not zero."""

    rate, frame_ms = 8000, 20

    def speech(self, frame: bytes) -> bool:
        return frame[:2] != b"\0\0"

    def reset(self) -> None:
        raise AssertionError("nobody resets a call's judge")


class Diary:
    """A listener. `told` holds (name, *arguments); `wait_for` waits until one of a name came."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.audio = b""
        self.fail_on = ""
        self._new = threading.Condition()

    def _write(self, name: str, *what: object) -> None:
        with self._new:
            self.told.append((name, *what))
            self._new.notify_all()
        if name == self.fail_on:
            raise RuntimeError(f"the call can not bear {name}")

    def caller_audio(self, pcm: bytes) -> None:
        self.audio += pcm
        if self.fail_on == "audio":
            raise RuntimeError("the call can not bear audio")

    def caller_edge(self, edge: Edge) -> None:
        self._write("edge", edge)

    def reply_began(self, reply: int, at: float) -> None:
        self._write("began", reply, at)

    def reply_drained(self, reply: int, empty: bool) -> None:
        self._write("drained", reply, empty)

    def line_broke(self, why: str) -> None:
        self._write("broke", why)

    def names(self) -> list[object]:
        return [name for name, *_ in self.told]

    def wait_for(self, name: str, seconds: float = 5.0) -> tuple[object, ...]:
        with self._new:
            assert self._new.wait_for(lambda: name in self.names(), seconds), f"{name} never came: {self.told}"
            return next(entry for entry in self.told if entry[0] == name)


class Switch:
    """The other ends, without waiting: `take` reads frames, `send` writes the caller's audio."""

    def __init__(self, line: Line) -> None:
        self._bot = os.open(line.bot_path, os.O_RDONLY | os.O_NONBLOCK)
        self._caller = os.open(line.caller_path, os.O_WRONLY | os.O_NONBLOCK)

    def take(self, frames: int = 1) -> bytes:
        try:
            return os.read(self._bot, FRAME * frames)
        except BlockingIOError:
            return b"(nothing)"

    def send(self, pcm: bytes) -> int:
        return os.write(self._caller, pcm)

    def hang_up(self) -> None:
        for fd in (self._bot, self._caller):
            if fd >= 0:
                os.close(fd)
        self._bot = self._caller = -1


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def make_line(tmp_path: Path, diary: Diary) -> Iterator[Callable[..., Line]]:
    """Lines without a clock: a test calls `serve` itself, so that nothing depends on time."""
    made: list[Line] = []

    def make(
        startup_ms: int = 0,
        min_speech_ms: int = 40,
        pause_ms: int = 100,
        depth_frames: int = 4,
        clock: Clock = SYSTEM,
    ) -> Line:
        ears = Ears(LoudIsSpeech(), 40, min_speech_ms, pause_ms)
        made.append(Line(f"call{len(made)}", tmp_path, 8000, ears, startup_ms, depth_frames, diary, clock))
        return made[-1]

    yield make
    for line in made:
        line.close()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def line(make_line: Callable[..., Line]) -> Line:
    return make_line()


@pytest.fixture
def switch(line: Line) -> Iterator[Switch]:
    switch = Switch(line)
    yield switch
    switch.hang_up()


def _descriptors() -> dict[str, str]:
    """The FIFOs and pipes that this process holds open, by descriptor."""
    held = {}
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own descriptor
            held[entry.name] = str(entry.readlink())
    return {
        fd: name for fd, name in held.items() if "-caller.r" in name or "-bot.r" in name or name.startswith("pipe:")
    }


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    before = _descriptors()
    yield
    deadline = time.monotonic() + 2
    while _descriptors() != before and time.monotonic() < deadline:
        time.sleep(0.01)  # a thread that was told to end closes its own
    assert _descriptors() == before
