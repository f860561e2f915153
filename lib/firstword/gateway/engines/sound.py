"""A voice's floating-point samples as PCM at the rate that was asked for.                                              [pure]"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.pcm import silence
from ...audio.resample import Resampler

Samples = npt.NDArray[np.float32]


class Outlet:
    """Takes one text's samples in pieces and gives 16-bit PCM, without a seam between the pieces.

    Args:
        made: samples per second of what is fed.
        wanted: samples per second of what comes out.
    """

    def __init__(self, made: int, wanted: int) -> None:
        self._made = made
        self._converter = Resampler(made, wanted)

    def feed(self, samples: Samples) -> bytes:
        """The next samples (-1.0 to 1.0; louder is clipped). A little stays in the filter until more comes."""
        return self._converter.feed(np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())

    def pause(self, ms: float) -> bytes:
        """Silence, through the same filter."""
        return self._converter.feed(silence(ms, self._made))

    def finish(self) -> bytes:
        """What the filter still holds."""
        return self._converter.finish()
