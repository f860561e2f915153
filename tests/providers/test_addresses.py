"""No vendor sends a key to a stranger, nor to anybody whose certificate is not trusted. For all vendors that there are."""

from __future__ import annotations

import dataclasses
import os
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.host.settings import parse
from firstword.providers import registry
from firstword.speech.llm import Message
from firstword.speech.watch import Watch
from net.conftest import certificate, server_tls
from net.loopback import Loopback, Peer

__all__ = ["certificate", "server_tls"]

MAKE: dict[str, Any] = {"asr": registry.make_asr, "llm": registry.make_llm, "tts": registry.make_tts}
KEY = "Canary-0123456789"


def addresses(kind: registry.Kind, vendor: str) -> dict[str, tuple[str, ...]]:
    """The address settings of a vendor, with what they may begin with."""
    fields = dataclasses.fields(registry.settings_class(kind, vendor))
    return {field.name: field.metadata["schemes"] for field in fields if field.metadata["schemes"]}


def secrets(kind: registry.Kind, vendor: str) -> dict[str, str]:
    fields = dataclasses.fields(registry.settings_class(kind, vendor))
    found = {field.name: KEY for field in fields if field.metadata["secret"]}
    return {name: value for name, value in found.items() if name != "token"}


ADDRESSES = [(kind, vendor, name) for kind, vendor in registry.known() for name in addresses(kind, vendor)]
everybody = pytest.mark.parametrize(("kind", "vendor", "name"), ADDRESSES)


@pytest.mark.parametrize(("kind", "vendor"), registry.known())
def test_every_vendor_declares_its_addresses_and_lets_them_be_named(kind: registry.Kind, vendor: str) -> None:
    section = registry.settings_class(kind, vendor)
    declared = addresses(kind, vendor)
    looks_so = {
        field.name for field in dataclasses.fields(section) if "url" in field.name or "://" in str(field.default)
    }
    assert declared and looks_so == set(declared)
    registry.check(kind, vendor, {}, "as it is")
    assert {field.name for field in dataclasses.fields(section)} >= {"allowed_hosts"}


@everybody
def test_a_stranger_is_refused_before_there_is_a_service_and_named_he_is_not(
    kind: registry.Kind, vendor: str, name: str
) -> None:
    for scheme in addresses(kind, vendor)[name]:
        values = {**secrets(kind, vendor), name: f"{scheme}://keys.example/v1"}
        with pytest.raises(
            ConfigError, match=f"^the place: {name}: keys.example is neither .* add it to allowed-hosts"
        ):
            MAKE[kind](vendor, values, "the place")
        MAKE[kind](vendor, {**values, "allowed_hosts": "other.example | keys.example"}, "the place").close()


@everybody
def test_a_stranger_is_refused_when_the_configuration_is_loaded(kind: registry.Kind, vendor: str, name: str) -> None:
    address = f"{addresses(kind, vendor)[name][0]}://aliyuncs.com.evil.example/v1"
    service = f'<service name="s" does="{kind}" vendor="{vendor}"><param name="{name}" value="{address}"/></service>'
    with pytest.raises(ConfigError, match=rf"service 's': {name}: aliyuncs\.com\.evil\.example is neither"):
        parse(f"<configuration><services>{service}</services></configuration>")


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment that makes other programs trust anybody."""
    for name in ("PYTHONHTTPSVERIFY", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_TLS_REJECT_UNAUTHORIZED"):
        monkeypatch.setenv(name, "0" if "VERIFY" in name or "NODE" in name else "")
    monkeypatch.setenv("WEBSOCKET_CLIENT_CA_BUNDLE", os.devnull)
    yield


@pytest.mark.usefixtures("careless")
@everybody
def test_nobody_gets_a_key_whose_certificate_is_his_own(
    kind: registry.Kind, vendor: str, name: str, server_tls: ssl.SSLContext
) -> None:
    got: list[bytes] = []

    def take(peer: Peer) -> None:
        got.append(peer.read(1))

    with Loopback(take, tls=server_tls) as server:
        every = addresses(kind, vendor)
        values = {each: f"{every[each][0]}://127.0.0.1:{server.port}/v1" for each in every}
        service = MAKE[kind](vendor, {**secrets(kind, vendor), **values}, "test")
        watch = Watch()
        start = service.start("test", [Message("user", "x")], watch) if kind == "llm" else service.start("test", watch)
        if kind == "tts":
            start.say("您好。")
        assert watch.over.wait(5)
        service.close()
    told, (error,) = watch.events[-1]
    assert told == "failed" and "certificate of 127.0.0.1" in str(error) and KEY not in str(error)
    assert not error.retry and not got


@pytest.mark.parametrize(("kind", "vendor"), registry.known())
def test_no_setting_turns_the_certificates_off(kind: registry.Kind, vendor: str) -> None:
    for field in dataclasses.fields(registry.settings_class(kind, vendor)):
        assert not any(word in field.name for word in ("verify", "insecure", "ssl", "tls", "cert", "trust")), field.name
