"""What a slip of the pen in ``firstword.conf`` does: nothing is lost in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstword.errors import ConfigError
from firstword.host.settings import parse

EXAMPLE = (Path(__file__).parents[2] / "conf" / "autoload_configs" / "firstword.conf.xml").read_text()
GREETING = '<param name="greeting" value="您好，请问有什么可以帮您？"/>'
CALL_MS = '<param name="call-ms" value="5000"/>'


def refusal(xml: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(xml)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("twice", "line"),
    [
        (f'{GREETING}<param name="greeting" value="喂"/>', "profile 'default': 'greeting' is there twice"),
        (f'{GREETING}{CALL_MS}{CALL_MS.replace("-", "_")}', "profile 'default': 'call_ms' is there twice"),
        (f'{GREETING}</profile><profile name="default">', "profiles: there are two <profile> named 'default'"),
        (f'{GREETING}</profile></profiles><profiles><profile name="b">', "firstword.conf: <profiles> is there twice: put both into one"),
    ],
)  # fmt: skip
def test_what_is_there_twice_is_refused_and_not_the_last_of_it_taken(twice: str, line: str) -> None:
    assert refusal(EXAMPLE.replace(GREETING, twice)) == line


def test_two_services_of_one_name_are_refused_though_they_do_the_same() -> None:
    again = '<service name="qwen" does="llm" vendor="openai"/></services>'
    assert refusal(EXAMPLE.replace("</services>", again)) == "services: there are two <service> named 'qwen'"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"greeting" value=', '"greeting" vlaue=', "profile 'default': 'greeting': unknown attribute 'vlaue' (did you mean 'value'?)"),
        (GREETING, '<param name="greeting"/>', "profile 'default': 'greeting' has no value; value=\"\" leaves it empty"),
        ('name="qwen" does', 'name="qwen" modle="qwen-max" does', "service 'qwen': unknown attribute 'modle'"),
        ('<profile name="default"', '<profile name="default" inherit="x"', "profile 'default': unknown attribute 'inherit'"),
        (f"<{GREETING[1:]}", GREETING[1:], "profile 'default': this stands outside of any element: 'param'"),
    ],
)  # fmt: skip
def test_what_nobody_would_read_is_refused(old: str, new: str, line: str) -> None:
    assert old in EXAMPLE
    assert refusal(EXAMPLE.replace(old, new)) == line


def test_a_file_in_another_encoding_gets_a_line_and_no_unicode_error() -> None:
    as_the_switch_hands_it_on = EXAMPLE.encode("gbk", errors="replace").decode("utf-8", errors="surrogateescape")
    assert refusal(as_the_switch_hands_it_on).startswith("firstword.conf is not text in UTF-8: line ")
