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
    assert settings.profile("default").tts == ("nls-voice",)


def test_profiles_inherit_from_the_default_one() -> None:
    settings = parse(
        EXAMPLE.replace("</profiles>", '<profile name="sales"><param name="greeting" value="嗨"/></profile></profiles>')
    )
    sales = settings.profile("sales")
    assert (sales.name, sales.greeting, sales.tts) == ("sales", "嗨", ("nls-voice",))
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
            "service 'qwen': no vendor 'opnai' for llm (did you mean 'openai'?); known: dashscope, openai",
        ),
        (
            'value="nls-ears"',
            'value="nls-eras"',
            "profile 'default': asr: there is no such service 'nls-eras' (did you mean 'nls-ears'?)",
        ),
        ("<settings>", "<setings/><settings>", "firstword.conf: unknown element <setings> (did you mean 'settings'?)"),
        (
            '<profile name="default">',
            '<profile name="default"><param name="lexicon" value="CEO=首席执行官 | 重庆=chong2"/>',
            "profile 'default': lexicon: '重庆' has 2 characters, and 1 syllables are given",
        ),
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


TOOLS = """<tools>
  <tool name="order_status">
    <param name="description" value="查订单"/>
    <param name="url" value="https://shop.example/orders/{order}"/>
    <param name="parameters">
      {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
    </param>
    <param name="timeout-ms" value="3000"/>
    <header name="Authorization" value="Bearer env:SHOP_TOKEN_THAT_IS_NOT_SET"/>
  </tool>
</tools>
<profiles>"""
ALLOWED = """<param name="tools" value="transfer | order_status"/><param name="destinations" value="人工=transfer:9000 XML default"/>
<param name="greeting\""""
WITH_TOOLS = EXAMPLE.replace("<profiles>", TOOLS).replace('<param name="greeting"', ALLOWED)


def test_a_profile_is_given_tools_and_what_they_may_reach() -> None:
    settings = parse(WITH_TOOLS)
    profile, section = settings.profile("default"), settings.tools["order_status"]
    assert profile.tools == ("transfer", "order_status")
    assert profile.destinations == ("人工=transfer:9000 XML default",)
    made = section.make(secrets=False)
    assert made.settings.timeout_ms == 3000 and made.tool.description == "查订单"
    with pytest.raises(
        ConfigError, match="tool 'order_status': header 'Authorization': the environment variable SHOP_"
    ):
        section.make()
    assert "SHOP_TOKEN" not in repr(settings)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('value="transfer | order', 'value="transfer | oder', "profile 'default': tools: there is no such tool 'oder_status' (did"),
        ('value="人工=transfer:', 'value="人工=transfr:', "profile 'default': destinations: 人工=transfr:9000 XML default takes transfer:"),
        ('name="destinations"', 'name="destination"', "profile 'default': unknown setting 'destination' (did you mean 'destinations'?)"),
        ('name="timeout-ms"', 'name="time-out-ms"', "tool 'order_status': unknown setting 'time_out_ms' (did you mean 'timeout_ms'?)"),
        ("<header", "<heder", "tool 'order_status': unknown element <heder> (did you mean 'header'?)"),
        ("<tools>", '<tools><tool name="hang_up"/>', "tool 'hang_up': there is another tool of that name"),
        ("<tools>", "<tools><tool/>", "a <tool> has no name"),
        ("<tools>", "<tools><toll/>", "tools: unknown element <toll> (did you mean 'tool'?)"),
        ("<header", '<header name="authorization" value="x"/><header', "tool 'order_status': the header 'Authorization' is there twice"),
        ('"type": "string"', '"type": "strin"', "tool 'order_status': parameters is no JSON schema: 'strin'"),
        ("/{order}", "/{oder}", "tool 'order_status': url has a place for 'oder', which parameters does not declare"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_tools_gets_one_line_too(old: str, new: str, line: str) -> None:
    assert old in WITH_TOOLS
    with pytest.raises(ConfigError) as caught:
        parse(WITH_TOOLS.replace(old, new))
    assert str(caught.value).startswith(line), caught.value
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


def test_a_profile_names_several_services_of_a_kind_the_preferred_first() -> None:
    second = (
        '<service name="other-voice" does="tts" vendor="aliyun"><param name="most" value="20"/></service></services>'
    )
    text = EXAMPLE.replace("</services>", second).replace('value="nls-voice"', 'value="nls-voice | other-voice"')
    settings = parse(text)
    assert settings.profile("default").tts == ("nls-voice", "other-voice")
    assert [settings.services[name].common.most for name in ("nls-voice", "other-voice")] == [0, 20]
    assert "most" not in settings.services["other-voice"].values, "it is no matter of the vendor's"


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (
            "nls-voice|nls-voise",
            "profile 'default': tts: there is no such service 'nls-voise' (did you mean 'nls-voice'?)",
        ),
        ("nls-voice|nls-voice", "profile 'default': tts: 'nls-voice' is there twice"),
        ("nls-voice|qwen", "profile 'default': tts: there is no such service 'qwen'"),
        ("|", "profile 'default': tts: there is no such service ''"),
    ],
)
def test_a_mistake_in_a_list_of_services_is_named(value: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(EXAMPLE.replace('value="nls-voice"', f'value="{value}"'))
    assert str(caught.value).startswith(line)
