"""Which addresses the keys of a service may be sent to. [pure]

Alibaba Cloud's speech and language services, this machine, and the hosts that the operator names in the service's own ``allowed_hosts``;
everything else is refused when the configuration is read, so a slip of the pen or a copied address costs no key. It is named per service
and not once for all, because a host that may have the key of one (an own model's) is not one that may have the key of another.

An address must be written plainly: what a person, this file, `urllib` and `urllib3` could read differently (users, backslashes, numbers
for addresses, other scripts' letters) is refused before anybody reads it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from ..errors import ConfigError
from .redact import redact

HELP = "hosts, besides Alibaba Cloud's and this machine, that this service's keys may be sent to: names or IP addresses, split at |"

WS, HTTP = ("wss", "ws"), ("https", "http")
"""Of an `options.option` that is an address: what it may begin with, the encrypted one first."""

_URL = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[A-Za-z0-9/._~%+,=:-]*)?"
)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(
    r"[0-9]+|0x[0-9a-f]*"
)  # a last label like this makes resolvers read an IPv4 address (WHATWG URL, inet_aton)
_ALIBABA = re.compile(
    # Not everything below aliyuncs.com: functions (fc), model services (pai-eas), buckets (oss) of any customer are there too.
    r"nls-(?:gateway|meta)[a-z0-9-]*(?:\.[a-z]{2}-[a-z]+(?:-[0-9]+)?(?:-internal)?)?\.aliyuncs\.com"
    r"|dashscope[a-z0-9-]*\.aliyuncs\.com"
    r"|(?:[a-z0-9-]+\.)+(?:dashscope|maas)\.aliyuncs\.com"
)
_INTERNAL = re.compile(r"nls-gateway[a-z0-9.-]*-internal\.aliyuncs\.com")
"""Inside Alibaba's own network, where they are documented without TLS only: ``ws://nls-gateway-cn-beijing-internal.aliyuncs.com:80``."""

Host = str | IPv4Address | IPv6Address


def check(settings: Any, where: str) -> None:
    """Raises ConfigError unless every address among `settings` may have its keys. To be called as soon as there are settings.

    Args:
        settings: a dataclass of `options.option`; those with ``schemes`` are addresses, and ``allowed_hosts`` is the operator's list.
        where: the place, for the error.
    """
    for field in dataclasses.fields(settings):
        if field.metadata.get("schemes"):
            judge(
                getattr(settings, field.name),
                field.metadata["schemes"],
                settings.allowed_hosts,
                where=where,
                name=field.name,
            )


def judge(url: str, schemes: tuple[str, str], allowed: Iterable[str], *, where: str, name: str = "url") -> None:
    """Raises ConfigError unless keys may be sent to `url`. The error never repeats more of it than the host: the rest may hold a secret."""
    listed = {_listed(text, where) for text in allowed}
    place = f"{where}: {name}"
    secure, plain = schemes
    match = _URL.fullmatch(url)
    if match is None or match["scheme"] not in schemes or not 0 < int(match["port"] or 1) < 65_536:
        raise ConfigError(
            f"{place} must read {secure}://HOST[:PORT][/PATH] (or {plain}://), without a user, ? or #: keys have settings of their own"
        )
    host = _host(match["host"])
    if host is None:
        raise ConfigError(
            f"{place}: {match['host']!r} is not how a host is written: take its name, or its IP address in the usual form"
        )
    encrypted = match["scheme"] == secure
    if isinstance(host, str) and _ALIBABA.fullmatch(host):
        if not encrypted and not _INTERNAL.fullmatch(host):
            raise ConfigError(
                f"{place}: {host} is asked by {secure}:// only, for {plain}:// would show the key to everybody on the way"
            )
    elif not _is_loopback(host) and host not in listed:
        raise ConfigError(
            f"{place}: {host} is neither a speech or model service of Alibaba Cloud's nor this machine, and no key is sent there; "
            "add it to allowed-hosts of this service if you mean it"
        )


def _listed(text: str, where: str) -> Host:
    host = _host(text if ":" not in text or text.startswith("[") else f"[{text}]")
    if host is None:
        raise ConfigError(
            f"{where}: allowed_hosts takes names and IP addresses, without :// and port, not {redact(text, limit=60)!r}"
        )
    return host


def _host(text: str) -> Host | None:
    """A name in lower case, or an IP address; None for what is neither, or is written in a way that programs read differently."""
    if text.startswith("["):
        address = _address(text[1:-1])
        return address if isinstance(address, IPv6Address) and address.ipv4_mapped is None else None
    name = text.lower()
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return _address(name)
    return name if _NAME.fullmatch(name) and len(name) <= 253 else None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:  # such as 127.1, 0177.0.0.1, 2130706433, which the C library would take
        return None


def _is_loopback(host: Host) -> bool:
    return host == "localhost" if isinstance(host, str) else host.is_loopback
