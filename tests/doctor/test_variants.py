"""The list of services that are tried: nobody is forgotten, and each is asked at a gateway as it is at home."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from firstword.doctor.command import LOCAL_KEYS
from firstword.doctor.variants import VARIANTS, Variant, at_gateway, missing_keys
from firstword.providers import registry


def test_every_vendor_of_the_registry_is_tried() -> None:
    assert {(variant.kind, variant.vendor) for variant in VARIANTS} == set(registry.known())


def test_no_two_are_called_the_same() -> None:
    assert len({str(variant) for variant in VARIANTS}) == len(VARIANTS)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_each_has_settings_that_its_vendor_takes(variant: Variant) -> None:
    registry.check(variant.kind, variant.vendor, variant.values, str(variant))


def test_synthesisers_come_before_recognisers_for_these_hear_what_those_say() -> None:
    kinds = [variant.kind for variant in VARIANTS]
    assert max(at for at, kind in enumerate(kinds) if kind == "tts") < kinds.index("asr")


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_without_its_keys_each_says_which(variant: Variant) -> None:
    missing = missing_keys(variant, {})
    assert missing and set(missing) <= set(LOCAL_KEYS)
    assert missing_keys(variant, dict.fromkeys(missing, "x")) == []
    assert missing_keys(variant, dict.fromkeys(missing, "")) == missing


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("gateway", ["http://127.0.0.1:8190", "https://10.1.2.3:8190", "http://[::1]:80"])
def test_at_a_gateway_only_the_place_and_the_keys_are_others(variant: Variant, gateway: str) -> None:
    there = at_gateway(variant, gateway, LOCAL_KEYS)
    registry.check(there.kind, there.vendor, there.values, "there")
    section = registry.settings_class(variant.kind, variant.vendor)
    for name, value in there.values.items():
        if name in ("url", "base_url", "token_url"):
            home = urlsplit(variant.values.get(name) or section.__dataclass_fields__[name].default)
            asked, place = urlsplit(value), urlsplit(gateway)
            assert (asked.netloc, asked.path) == (place.netloc, home.path)
            assert asked.scheme.startswith(home.scheme.rstrip("s")[:2])
            assert asked.scheme.endswith("s") == (place.scheme == "https") or asked.scheme == "ws"
        elif name == "allowed_hosts":
            assert value == urlsplit(gateway).hostname
        else:
            assert value == variant.values.get(name, value) and (name in variant.values or value in LOCAL_KEYS.values())
