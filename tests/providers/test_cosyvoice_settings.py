"""What an operator may say about CosyVoice: each mistake is refused with one line before a caller meets it."""

from __future__ import annotations

import pytest

from firstword.errors import ConfigError
from firstword.providers.dashscope.cosyvoice import make
from firstword.text.lexicon import SYLLABLES

KEY = {"api_key": "sk-x"}

REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "a rate": ({"sample_rate": "11025"}, "sample_rate takes one of 8000, 16000, 22050"),
    "a model": ({"model": "cosivoice-v2"}, "no model 'cosivoice-v2' (did you mean 'cosyvoice-v2'?)"),
    "no voice": ({"voice": ""}, "voice is missing"),
    "too fast": ({"rate": "2.5"}, "rate takes 0.5 to 2"),
    "too high": ({"pitch": "0.1"}, "pitch takes 0.5 to 2"),
    "too loud": ({"volume": "101"}, "volume takes 0 to 100"),
    "a seed with v1": ({"model": "cosyvoice-v1", "seed": "7"}, "seed does not work with cosyvoice-v1"),
    "a hot fix with v1": ({"model": "cosyvoice-v1", "hot_fix": "{}"}, "hot_fix does not work with cosyvoice-v1"),
    "a hot fix with v2": ({"model": "cosyvoice-v2", "hot_fix": "{}"}, "hot_fix does not work with cosyvoice-v2"),
    "a hot fix with qwen": (
        {"model": "qwen-audio-3.0-tts-flash", "hot_fix": "{}"}, "hot_fix does not work with qwen-audio-3.0-tts-flash",
    ),
    "a filter": (
        {"model": "cosyvoice-v3-plus", "enable_markdown_filter": "true"}, "works with cosyvoice-v3-flash only",
    ),
    "no JSON": ({"hot_fix": "{'a'"}, "hot_fix is no JSON"),
    "deep JSON": ({"hot_fix": "[" * 100_000}, "hot_fix is no JSON"),
    "no object": ({"hot_fix": "[]"}, "hot_fix must be like"),
    "a word misspelt": ({"hot_fix": '{"pronounciation": []}'}, "did you mean 'pronunciation'?"),
    "no list": ({"hot_fix": '{"replace": {"a": "b"}}'}, "hot_fix replace must be a list of pairs"),
    "a pair too many": ({"hot_fix": '{"replace": [{"a": "b", "c": "d"}]}'}, "hot_fix replace must be a list of pairs"),
    "no text": ({"hot_fix": '{"replace": [{"a": 1}]}'}, "hot_fix replace must be a list of pairs"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_mistake_is_refused_with_one_line(what: str) -> None:
    values, says = REFUSED[what]
    with pytest.raises(ConfigError) as caught:
        make({**KEY, **values}, "test")
    assert says in str(caught.value) and "\n" not in str(caught.value) and "sk-1" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"model": "cosyvoice-v9-ultra"},  # newer than the pages
        {"model": "cosyvoice-v1", "seed": "0"},
        {"hot_fix": '{"pronunciation": [{"天气": "tian1 qi4"}], "replace": [{"CEO": "总裁"}]}'},
        {"seed": "65535"},
    ],
)
def test_what_the_service_takes_is_taken(values: dict[str, str]) -> None:
    service = make({**KEY, **values}, "test")
    assert service.rate == 8000 and "sk-x" not in repr(service.settings)
    service.close()


def test_the_syllables_of_a_lexicon_go_with_the_hot_fix_of_the_setting_which_goes_before() -> None:
    service = make(
        {**KEY, "hot_fix": '{"pronunciation": [{"天气": "tian1 qi4"}], "replace": [{"CEO": "总裁"}]}'}, "test"
    )
    assert service.reads == {SYLLABLES}
    told = service.pronouncing({"重庆": "chong2 qing4", "天气": "tian3 qi3"})
    assert told is service
    assert told.parameters["hot_fix"] == {
        "pronunciation": [{"天气": "tian1 qi4"}, {"重庆": "chong2 qing4"}],
        "replace": [{"CEO": "总裁"}],
    }
    service.close()


def test_a_model_without_hot_fix_takes_no_syllables() -> None:
    service = make({**KEY, "model": "cosyvoice-v2"}, "test")
    assert service.reads == frozenset()
    service.close()
