"""Settings that are right each for itself, and in vain together."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstword.errors import ConfigError
from firstword.host.settings import parse

EXAMPLE = (Path(__file__).parents[2] / "conf" / "autoload_configs" / "firstword.conf.xml").read_text()
PERSON = {"destinations": "人工=transfer:9000 XML default", "person_key": "0", "person": "人工"}


def with_settings(**settings: object) -> str:
    params = "".join(f'<param name="{name}" value="{value}"/>' for name, value in settings.items())
    return EXAMPLE.replace('<profile name="default">', f'<profile name="default">{params}')


def refusal(**settings: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(with_settings(**settings))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_key_that_reaches_a_person_is_accepted() -> None:
    profile = parse(with_settings(**PERSON)).profile("default")
    assert (profile.person_key, profile.person) == ("0", "人工")


def test_a_profile_may_switch_off_the_key_that_it_inherits() -> None:
    sales = '<profile name="sales"><param name="person_key" value=""/></profile></profiles>'
    assert not parse(with_settings(**PERSON).replace("</profiles>", sales)).profile("sales").person_key


@pytest.mark.parametrize(("person", "hint"), [("人工服务", " (did you mean '人工'?)"), ("9000", " (known: 人工)")])
def test_a_person_who_is_not_among_the_destinations_is_refused_before_a_caller_asks_for_him(
    person: str, hint: str
) -> None:
    line = refusal(**{**PERSON, "person": person})
    assert line == f"profile 'default': person: there is no such destination {person!r}{hint}"


def test_a_person_without_any_destination_is_refused() -> None:
    line = refusal(person_key="0", person="人工")
    assert line == "profile 'default': person: there is no such destination '人工' (known: none)"


def test_a_key_for_a_person_whom_nobody_named_is_refused_for_it_would_do_nothing() -> None:
    assert refusal(person_key="0") == "profile 'default': person_key needs a person: the name of one of destinations"


@pytest.mark.parametrize("key", ["00", "x", "零", "a", "０", "w"])
def test_what_no_telephone_has_a_key_for_is_no_person_key(key: str) -> None:
    line = refusal(**{**PERSON, "person_key": key})
    assert line == f"profile 'default': person_key takes one key (0-9 * # A-D), not {key!r}"


@pytest.mark.parametrize("key", ["##", "x", "井"])
def test_what_no_telephone_has_a_key_for_ends_no_group_of_keys(key: str) -> None:
    assert refusal(keys_end=key) == f"profile 'default': keys_end takes one key (0-9 * # A-D), not {key!r}"


def test_one_key_can_not_both_reach_a_person_and_end_a_group() -> None:
    line = "profile 'default': person_key and keys_end are both '#': choose another, or an empty keys_end"
    assert refusal(**{**PERSON, "person_key": "#"}) == line
    assert parse(with_settings(**{**PERSON, "person_key": "#"}, keys_end=""))


def test_destinations_are_read_even_where_only_a_key_leads_there() -> None:
    line = refusal(**{**PERSON, "destinations": "人工=transfr:9000"})
    assert line.startswith("profile 'default': destinations: 人工=transfr:9000 takes transfer:extension"), line
    assert line.endswith("(did you mean 'transfer'?)")


def test_a_warning_that_would_come_before_the_call_begins_is_refused_for_it_was_never_said() -> None:
    line = refusal(call_ms=30000, warning="还有一分钟。")
    assert line == (
        "profile 'default': the warning would never be said: warning_ms (60000) before the end, of a call of at most call_ms (30000)"
    )
    assert parse(with_settings(call_ms=30000))


def test_the_least_patience_is_not_more_than_the_most() -> None:
    line = refusal(endpoint_least_ms=900, endpoint_most_ms=500)
    assert line == "profile 'default': endpoint_least_ms (900) is more than endpoint_most_ms (500)"
