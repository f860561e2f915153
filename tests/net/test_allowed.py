"""Where a key may be sent: Alibaba Cloud, this machine, and who was named; and nowhere else, however it is written."""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from firstword.errors import ConfigError
from firstword.net.allowed import HTTP, WS, judge

WELCOME = [
    "wss://nls-gateway-cn-beijing.aliyuncs.com/ws/v1",
    "wss://nls-gateway.cn-shanghai.aliyuncs.com/ws/v1",
    "wss://nls-gateway.aliyuncs.com/ws/v1",
    "wss://nls-gateway-ap-southeast-1.aliyuncs.com/ws/v1",
    "ws://nls-gateway-cn-beijing-internal.aliyuncs.com:80/ws/v1",
    "ws://nls-gateway.cn-shanghai-internal.aliyuncs.com:80/ws/v1",
    "https://nls-meta.cn-shanghai.aliyuncs.com",
    "wss://dashscope.aliyuncs.com/api-ws/v1/inference/",
    "wss://dashscope-intl.aliyuncs.com/api-ws/v1/realtime",
    "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
    "https://coding.dashscope.aliyuncs.com/v1",
    "wss://llm-abc123.cn-beijing.maas.aliyuncs.com/api-ws/v1/inference",
    "https://llm-abc123.ap-southeast-1.maas.aliyuncs.com:443/compatible-mode/v1",
    "https://DashScope.AliyunCS.com/compatible-mode/v1",
    "http://127.0.0.1:8190/v1",
    "http://127.8.9.10/",
    "ws://localhost:8190/ws/v1",
    "http://[::1]:8190/v1",
    "http://[0:0:0:0:0:0:0:1]:8190/v1",
]

STRANGERS = [
    "wss://evil.example/ws/v1",
    "wss://aliyuncs.com.evil.example/ws/v1",
    "wss://nls-gateway.aliyuncs.com.evil.example/ws/v1",
    "wss://evilaliyuncs.com/ws/v1",
    "wss://nls-gateway-evilaliyuncs.com/ws/v1",
    "wss://nls-gateway.aliyuncs.co/ws/v1",
    "wss://nls-gateway.aliyuncs.comm/ws/v1",
    "wss://maas.aliyuncs.com.evil.example/",
    "wss://evilmaas.aliyuncs.com/",
    "wss://xn--liyuncs-8fg.com/ws/v1",
    "wss://dashscope.xn--aliyuncs-x.com/",
    # Alibaba's, but what answers there is any customer's: functions, model services, buckets.
    "https://1234567890.cn-shanghai.fc.aliyuncs.com/v1",
    "https://1234567890.cn-shanghai.pai-eas.aliyuncs.com/v1",
    "https://dashscope.oss-cn-beijing.aliyuncs.com/v1",
    "https://nls-gateway.oss-cn-beijing.aliyuncs.com/v1",
    "https://aliyuncs.com/",
    # Neighbours, and where clouds keep their credentials.
    "http://10.0.0.5:8000/v1",
    "http://192.168.1.2/v1",
    "http://169.254.169.254/",
    "http://100.100.100.200/",
    "http://0.0.0.0:8190/",
    "http://[::]:8190/",
    "http://[fe80::1]/",
    "http://[2001:db8::1]/",
    "http://localhost.evil.example/",
    "http://127.0.0.1.evil.example/",
    "http://localhostt/",
]

MISWRITTEN = [
    "",
    "nls-gateway.aliyuncs.com",
    "//nls-gateway.aliyuncs.com/ws/v1",
    "wss:nls-gateway.aliyuncs.com",
    "wss:///ws/v1",
    "WSS://nls-gateway.aliyuncs.com/ws/v1",
    "file:///etc/passwd",
    "ftp://nls-gateway.aliyuncs.com/",
    " wss://nls-gateway.aliyuncs.com/",
    "wss://nls-gateway.aliyuncs.com/\n",
    "wss://nls-gateway.aliyuncs.com/ws v1",
    # A user: who reads it sees Alibaba's name, who connects goes elsewhere.
    "wss://nls-gateway.aliyuncs.com@evil.example/ws/v1",
    "wss://key@nls-gateway.aliyuncs.com/ws/v1",
    "wss://a:b@127.0.0.1/ws/v1",
    "wss://127.0.0.1/@evil.example",
    "wss://nls-gateway.aliyuncs.com:443@evil.example/",
    "wss://nls-gateway.aliyuncs.com%40evil.example/",
    # A backslash is a slash to browsers and a letter to urllib.
    "wss://evil.example\\.aliyuncs.com/",
    "wss://nls-gateway.aliyuncs.com\\@evil.example/",
    "wss:\\\\nls-gateway.aliyuncs.com/",
    "wss://evil.example#.aliyuncs.com/",
    "wss://evil.example?.aliyuncs.com/",
    "wss://nls-gateway.aliyuncs.com/ws/v1?token=abc",
    "wss://nls-gateway.aliyuncs.com/ws/v1#a",
    "wss://evil.example/.aliyuncs.com/;x",
    "wss://nls-gateway.aliyuncs.com:/ws",
    "wss://nls-gateway.aliyuncs.com:0/ws",
    "wss://nls-gateway.aliyuncs.com:65536/ws",
    "wss://nls-gateway.aliyuncs.com:443:443/ws",
    "wss://nls-gateway.aliyuncs.com:+443/ws",
    "wss://nls-gateway.aliyuncs.com:４４３/ws",
    # A dot at the end names the same host, but not to whoever compares it with a certificate.
    "wss://nls-gateway.aliyuncs.com./ws/v1",
    "http://localhost./",
    "http://127.0.0.1./",
    "wss://nls-gateway..aliyuncs.com/",
    "wss://.aliyuncs.com/",
    "wss://-nls-gateway.aliyuncs.com/",
    # Loopback and others as resolvers of old understand them.
    "http://127.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://127.000.000.001/",
    "http://127.0.0.1.2/",
    "http://1.2.3.256/",
    "http://evil.example.0x7f/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:a00:5]/",
    "http://[127.0.0.1]/",
    "http://[::1%25eth0]/",
    "http://[::1/",
    "http://::1/",
    # Letters of other scripts: IDNA makes ａ an a, and а (Cyrillic) looks like one.
    "wss://nls-gateway.ａliyuncs.com/ws/v1",
    "wss://nls-gateway.аliyuncs.com/ws/v1",
    "wss://nls-gateway.aliyuncs。com/ws/v1",
    "wss://nls-gateway.aliyuncs.com\u200b/ws/v1",
    "wss://nls-gateway.aliyuncs.com\u2025evil.example/",
    "http://①27.0.0.1/",
]

SHOWS_THE_KEY = [
    "ws://nls-gateway-cn-beijing.aliyuncs.com/ws/v1",
    "http://nls-meta.cn-shanghai.aliyuncs.com",
    "http://dashscope.aliyuncs.com/compatible-mode/v1",
    "ws://dashscope.aliyuncs.com/api-ws/v1/inference",
    "ws://llm-abc123.cn-beijing.maas.aliyuncs.com/",
    "ws://internal.dashscope.aliyuncs.com/",
]


def refusal(url: str, allowed: tuple[str, ...] = ()) -> str:
    """Why `url` is refused, or ""."""
    schemes = HTTP if url.lower().startswith("http") else WS
    try:
        judge(url, schemes, allowed, where="service 'x'")
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("url", WELCOME)
def test_alibabas_services_and_this_machine_may_have_the_key(url: str) -> None:
    assert refusal(url) == ""


@pytest.mark.parametrize("url", STRANGERS)
def test_a_stranger_is_named_and_told_how_to_be_allowed(url: str) -> None:
    said = refusal(url)
    host = urlsplit(url).hostname
    assert said.startswith(f"service 'x': url: {host} is neither") and "add it to allowed-hosts" in said
    assert "\n" not in said


@pytest.mark.parametrize("url", STRANGERS)
def test_a_stranger_who_was_named_may_have_it(url: str) -> None:
    assert refusal(url, ("other.example", str(urlsplit(url).hostname).upper())) == ""


@pytest.mark.parametrize("url", MISWRITTEN)
def test_what_could_be_read_in_two_ways_is_refused_whoever_is_allowed(url: str) -> None:
    assert refusal(url, ("evil.example", "127.0.0.1", "nls-gateway.aliyuncs.com"))


@pytest.mark.parametrize("url", SHOWS_THE_KEY)
def test_alibaba_is_not_asked_in_the_open(url: str) -> None:
    host = str(urlsplit(url).hostname)
    assert "would show the key" in refusal(url) and "would show the key" in refusal(url, (host,))
    assert refusal(url.replace("ws://", "wss://").replace("http://", "https://")) == ""


@pytest.mark.parametrize(
    "named",
    [
        "https://evil.example",
        "evil.example:443",
        "evil.example/",
        "*.example",
        "0x7f.1",
        "::ffff:7f00:1",
        "a b",
        "",
        "é",
    ],
)
def test_the_list_takes_hosts_and_nothing_else(named: str) -> None:
    assert "allowed_hosts takes names and IP addresses" in refusal("wss://evil.example/", (named, "evil.example"))


@pytest.mark.parametrize("named", ["2001:db8::1", "[2001:db8::1]", "2001:0DB8:0:0::1"])
def test_an_address_is_listed_in_any_proper_form(named: str) -> None:
    assert refusal("https://[2001:db8::1]/", (named,)) == ""


def test_a_host_that_is_listed_lets_no_other_in() -> None:
    for url in ("wss://evil.example.com/", "wss://notevil.example/", "wss://sub.evil.example/", "wss://evil.exampl/"):
        assert refusal(url, ("evil.example",))


def test_what_is_refused_is_not_repeated_for_it_may_hold_a_key() -> None:
    for url in ("wss://sk-0123456789@evil.example/", "wss://evil.example/?token=sk-0123456789", "sk-0123456789"):
        assert refusal(url) and "0123456789" not in refusal(url)


HOSTS = [
    "nls-gateway.aliyuncs.com",
    "dashscope.aliyuncs.com",
    "127.0.0.1",
    "[::1]",
    "localhost",
    "evil.example",
    "0x7f.1",
    "1",
]
IDNA_GLUE = ["\u3002", "\uff0e", "\u2044", "\u2100", "\u24d0", "\u017f"]  # made into dots, slashes and letters
GLUE = ["@", "\\", "/", "#", "?", ":", ".", "%2e", "%40", "\t", "-", "_", "..", ":80", "[", "]", ";", "", *IDNA_GLUE]
FORGED = st.builds(
    lambda scheme, parts: scheme + "".join(parts),
    st.sampled_from(["ws://", "wss://", "http://", "https://", "ws:/", "wss:\\\\"]),
    st.lists(st.sampled_from(HOSTS + GLUE) | st.text(max_size=3), min_size=1, max_size=7),
)


@given(FORGED)
@example("wss://nls-gateway.aliyuncs.com:443@evil.example/")
def test_whoever_reads_an_accepted_address_reads_the_same_welcome_host(url: str) -> None:
    """urllib, by which WebSockets are dialled, and urllib3, which asks over HTTP, agree with what was judged."""
    if refusal(url):
        return
    parts, other = urlsplit(url), parse_url(url)
    assert parts.scheme == other.scheme and parts.port == other.port
    assert parts.hostname == str(other.host).strip("[]")
    assert (
        parts.hostname in {"localhost", "::1"}
        or parts.hostname.endswith(".aliyuncs.com")
        or parts.hostname.startswith("127.")
    )
    assert (parts.username, parts.query, parts.fragment, other.auth, other.query, other.fragment) == (
        None,
        "",
        "",
        None,
        None,
        None,
    )


@given(
    st.from_regex(r"[a-z0-9-]{1,12}(\.[a-z0-9-]{1,12}){0,3}", fullmatch=True), st.sampled_from(["", "x.", "x-", "1"])
)
def test_only_a_whole_label_makes_alibabas_name(name: str, before: str) -> None:
    for end in (f"{before}aliyuncs.com.{name}", f"{name}aliyuncs.com", f"dashscope.aliyuncs.com{name}"):
        if not end.endswith(".aliyuncs.com"):
            with contextlib.suppress(UnicodeError):
                assert refusal(f"wss://{end}/")
