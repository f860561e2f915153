"""A line that a test serves by hand, tick by tick, so that nothing depends on time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from firstword.audio.line import Line
from firstword.clock import Clock

from .conftest import FRAME, Switch

SILENCE = bytes(FRAME)
MakeLine = Callable[..., Line]


class ByHand(Clock):
    """A clock that a test sets."""

    at = 100.0

    def now(self) -> float:
        return self.at


def ramp(frames: float, start: int = 1000) -> bytes:
    return np.arange(start, start + round(frames * 160)).astype("<i2").tobytes()


def serve(line: Line, ticks: int = 1) -> bool:
    """So many ticks of the clock, each long after the one before."""
    return all([line.serve(math.inf) for _ in range(ticks)])


def hear(line: Line, switch: Switch, frames: int) -> bytes:
    """The switch takes a frame, and the clock ticks; and again."""
    heard = b""
    for _ in range(frames):
        serve(line)
        heard += switch.take()
    serve(line)
    return heard
