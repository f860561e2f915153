"""The tone voice is heard to the character, and damage is heard as damage."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.audio import pcm, tone

MIXED = "你好，今天北京 25°C。Hello, world! 😀👍🏽 aaaa 啊啊啊啊 0000"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=24)


@pytest.mark.parametrize("byte_ms", [20, 25, 60])
@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000])
def test_every_kind_of_character_is_heard_as_it_was_spoken(rate: int, byte_ms: int) -> None:
    assert tone.hear(tone.speak(MIXED, rate, byte_ms), rate, byte_ms) == MIXED
