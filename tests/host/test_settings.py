"""The configuration file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firstword.errors import ConfigError
from firstword.host.reference import markdown
from firstword.host.settings import parse

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "conf" / "autoload_configs" / "firstword.conf.xml").read_text()


def test_the_example_configuration_is_accepted() -> None:
    settings = parse(EXAMPLE)
    assert set(settings.services) == {"nls-ears", "nls-voice", "qwen"}
    assert settings.profile("default").tts == "nls-voice"


def test_profiles_inherit_from_the_default_one() -> None:
    settings = parse(
        EXAMPLE.replace("</profiles>", '<profile name="sales"><param name="greeting" value="嗨"/></profile></profiles>')
    )
    sales = settings.profile("sales")
    assert (sales.name, sales.greeting, sales.tts) == ("sales", "嗨", "nls-voice")
    assert settings.profile("default").greeting == "您好，请问有什么可以帮您？"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            'name="greeting"',
            'name="greting"',
            "profile 'default': unknown setting 'greting' (did you mean 'greeting'?)",
        ),
        ('name="voice"', 'name="voise"', "service 'nls-voice': unknown setting 'voise' (did you mean 'voice'?)"),
        ('does="llm"', 'does="lm"', "service 'qwen': 'does' takes one of asr, llm, tts, not 'lm'"),
        (
            'vendor="openai"',
            'vendor="opnai"',
            "service 'qwen': no vendor 'opnai' for llm (did you mean 'openai'?); known: openai",
        ),
        (
            'value="nls-ears"',
            'value="nls-eras"',
            "profile 'default': asr: there is no such service 'nls-eras' (did you mean 'nls-ears'?)",
        ),
        ("<settings>", "<setings/><settings>", "firstword.conf: unknown element <setings> (did you mean 'settings'?)"),
        ("</configuration>", "", "firstword.conf is no well-formed XML"),
        ('<profile name="default">', "<profile>", "a <profile> has no name"),
    ],
)
def test_a_mistake_gets_one_line_that_names_the_place(old: str, new: str, line: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(ConfigError) as caught:
        parse(EXAMPLE.replace(old, new))
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_secrets_are_not_in_the_settings_repr() -> None:
    assert "hidden" not in repr(parse(EXAMPLE.replace("env:NLS_APPKEY", "hidden")))


def test_the_reference_of_settings_in_the_documentation_is_current() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    begin, end = "<!-- settings -->\n", "<!-- /settings -->"
    between = re.search(f"{begin}(.*){end}", page, re.DOTALL)
    assert between is not None and between[1].strip() == markdown().strip(), (
        "run: python -m firstword.host.reference docs/configuration.md"
    )
