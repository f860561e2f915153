"""What can be set of Qwen-TTS-Realtime, and what is refused when the configuration is read."""

from __future__ import annotations

import pytest

from firstword.errors import ConfigError
from firstword.providers.dashscope import qwen_session
from firstword.providers.dashscope.qwen_tts import make

from .realtime_peer import KEY


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sample_rate": "12000"}, "sample_rate takes one of 8000, 16000, 22050"),
        ({"mode": "comit"}, "did you mean 'commit'"),
        ({"language": "chinese"}, "did you mean 'Chinese'"),
        ({"speech_rate": "3"}, "speech_rate takes 0.5 to 2"),
        ({"model": "qwen-tts-realtime"}, "speaks 24000 Hz only: set sample_rate to 24000"),
        ({"model": "qwen-tts-realtime-latest", "sample_rate": "24000", "volume": "50"}, "has no volume"),
        ({"model": "qwen-tts-realtime", "sample_rate": "24000", "pitch_rate": "1"}, "has no pitch_rate"),
        ({"instructions": "slowly"}, "takes no instructions; an instruct model does"),
        ({"optimize_instructions": "true"}, "takes no instructions"),
    ],
)  # fmt: skip
def test_a_setting_that_can_not_be_is_refused_in_words(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make({"api_key": KEY, **values}, 'profile "x"')
    assert (
        words in str(caught.value) and str(caught.value).startswith('profile "x": ') and "\n" not in str(caught.value)
    )


def test_what_an_instruct_model_is_told_goes_into_the_settings() -> None:
    values = {"model": "qwen3-tts-instruct-flash-realtime", "instructions": "慢一点", "optimize_instructions": "false"}
    session = qwen_session.session_payload(make({"api_key": KEY, **values}, "test").settings)
    assert (session["instructions"], session["optimize_instructions"]) == ("慢一点", False)
