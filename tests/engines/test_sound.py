"""From a voice's samples to PCM at the wanted rate."""

from __future__ import annotations

import numpy as np
import pytest

from firstword.audio.pcm import level_dbfs
from firstword.gateway.engines.sound import Outlet


@pytest.mark.parametrize(("made", "wanted"), [(24_000, 8_000), (22_050, 8_000), (24_000, 16_000), (24_000, 24_000)])
def test_pieces_come_out_as_long_and_as_loud_as_they_went_in(made: int, wanted: int) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(made) / made)).astype(np.float32)
    outlet = Outlet(made, wanted)
    pcm = (
        b"".join(outlet.feed(tone[at : at + 3_001]) for at in range(0, made, 3_001))
        + outlet.pause(100)
        + outlet.finish()
    )
    assert len(pcm) / 2 == pytest.approx(1.1 * wanted, abs=wanted * 0.002)
    assert level_dbfs(pcm[: 2 * wanted]) == pytest.approx(-9.03, abs=0.1)


def test_what_is_too_loud_is_clipped_and_does_not_wrap() -> None:
    pcm = Outlet(8_000, 8_000).feed(np.array([2.0, -2.0, 0.0], np.float32))
    assert np.frombuffer(pcm, "<i2").tolist() == [32767, -32767, 0]
