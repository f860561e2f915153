"""The code of the tone voice (`tone`), for both its mouth and its ear. [pure]"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LOW_HZ = tuple(470 + 88 * k for k in range(16))
"""The tone of the upper half of a byte."""
HIGH_HZ = tuple(1970 + 88 * k for k in range(16))
"""The tone of the lower half. The highest is 3290 Hz."""
BELOW_HZ = 345
"""Everything of the murmur is below."""
GUARD = 0.18
"""Share of a symbol that holds no tones, at its end: 3.6 ms at the quickest pace."""
EDGE_MS = 2.0
"""Each of a symbol's two raised-cosine edges. The same at every pace, so that a run of tone is as long as its symbol, to 1.5 ms."""
TONE = 0.043
"""The amplitude of one tone, of full scale."""
HARMONIC = 0.058
"""The amplitude of each of the murmur's three harmonics; with the tones they peak at -12 dBFS."""
MURMUR_S = 20
"""After so long the murmur repeats: a whole number of its glides, its syllables and its pitch periods."""

Floats = npt.NDArray[np.floating]


def shape(rate: int, byte_ms: int) -> Floats:
    """The envelope of a symbol, without its guard gap."""
    length = round(rate * byte_ms * (1 - GUARD) / 1000)
    edge = round(rate * EDGE_MS / 1000)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.concatenate([rise, np.ones(length - 2 * edge), rise[::-1]])


def murmur(rate: int) -> Floats:
    """`MURMUR_S` of the murmur, of amplitude 1 for each harmonic: a pitch that glides by a fifth around 94 Hz every 2.2 s, in syllables of
    0.26 s that fall silent in between. Silero wants the glide and the silences; both were found by trying."""
    t = np.arange(rate * MURMUR_S) / rate
    pitch = 2 * np.pi * 94 * (t - 0.2 / (2 * np.pi * 0.45) * np.cos(2 * np.pi * 0.45 * t))
    voiced = np.sin(pitch) + np.sin(2 * pitch) + np.sin(3 * pitch)
    return np.asarray(voiced * np.square(np.sin(np.pi * 3.8 * t)))
