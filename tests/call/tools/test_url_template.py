from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.call.tools.url_template import UrlTemplate
from firstword.errors import ConfigError

SHOP = "https://shop.example:8443/v1/orders/{order}/no-{n}.json?lang={lang}&fixed=a%20b&flag"


@pytest.mark.parametrize(
    ("arguments", "tail"),
    [
        ({"order": "A7", "n": 1, "lang": "zh"}, "A7/no-1.json?lang=zh&fixed=a%20b&flag"),
        ({"order": "A7", "n": 1}, "A7/no-1.json?fixed=a%20b&flag"),
        ({"order": "A7", "n": 1, "lang": None}, "A7/no-1.json?fixed=a%20b&flag"),
        ({"order": "A7", "n": 1, "lang": ""}, "A7/no-1.json?lang=&fixed=a%20b&flag"),
        ({"order": "订 单", "n": 2.0, "lang": True}, "%E8%AE%A2%20%E5%8D%95/no-2.json?lang=true&fixed=a%20b&flag"),
        ({"order": "a?b#c", "n": 1}, "a%3Fb%23c/no-1.json?fixed=a%20b&flag"),
        ({"order": "a;b=c&d", "n": -1.5}, "a%3Bb%3Dc%26d/no--1.5.json?fixed=a%20b&flag"),
        ({"order": "x", "n": 1, "lang": "zh&admin=1#/../x y+z"}, "x/no-1.json?lang=zh%26admin%3D1%23%2F..%2Fx%20y%2Bz&fixed=a%20b&flag"),
        ({"order": "...", "n": ".."}, ".../no-...json?fixed=a%20b&flag"),
        ({"order": "{n}", "n": "{order}"}, "%7Bn%7D/no-%7Border%7D.json?fixed=a%20b&flag"),
        ({"order": "@evil.example", "n": ":80"}, "%40evil.example/no-%3A80.json?fixed=a%20b&flag"),
    ],
)  # fmt: skip
def test_an_argument_fills_its_place_and_nothing_else(arguments: dict[str, Any], tail: str) -> None:
    assert UrlTemplate(SHOP, "t").fill(arguments) == f"https://shop.example:8443/v1/orders/{tail}"


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (".", "may not be a dot"),
        ("..", "may not be a dot"),
        ("%2e%2e", "may not be a dot"),
        (".%2E", "may not be a dot"),
        ("", "may not be empty"),
        ("  ", "may not be empty"),
        ("../x", "no slash"),
        ("a/b", "no slash"),
        ("a\\b", "no slash"),
        ("a%2fb", "no slash"),
        ("..%5C", "no slash"),
        ("a\x00b", "no slash"),
        ("a\r\nHost: x", "no slash"),
        ("a%0d%0ab", "no slash"),
        ("x" * 1001, "at most 1000 characters"),
        (["x"], "a text or a number"),
        ({}, "a text or a number"),
        (None, "a text or a number"),
        (float("nan"), ""),
    ],
)
def test_what_would_change_the_path_is_refused(order: Any, words: str) -> None:
    template = UrlTemplate("https://shop.example/orders/{order}/items", "t")
    if not words:
        assert template.fill({"order": order}).endswith("/nan/items")
        return
    with pytest.raises(ValueError, match=words):
        template.fill({"order": order})


def test_together_they_are_bounded() -> None:
    template = UrlTemplate("https://shop.example/?a={a}&b={a}", "t")
    with pytest.raises(ValueError, match="too long"):
        template.fill({"a": "订" * 900})


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_text_whatever_changes_the_host_the_path_or_the_parameters(order: str, n: str, lang: str) -> None:
    template = UrlTemplate(SHOP, "t")
    try:
        url = template.fill({"order": order, "n": n, "lang": lang})
    except ValueError:
        return
    split = urlsplit(url)
    assert (split.scheme, split.netloc, split.fragment) == ("https", "shop.example:8443", "")
    segments = split.path.split("/")
    assert segments[:3] == ["", "v1", "orders"] and len(segments) == 5
    assert unquote(segments[3]) == order and unquote(segments[4]) == f"no-{n}.json"
    assert unquote(split.path).count("/") == 4 and ".." not in unquote(split.path).split("/")
    pairs = parse_qsl(split.query, keep_blank_values=True, strict_parsing=False)
    assert pairs == [("lang", lang), ("fixed", "a b"), ("flag", "")]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "must begin with https:// or http://"),
        ("ftp://shop.example/", "must begin with https:// or http://"),
        ("file:///etc/passwd", "must begin with https:// or http://"),
        ("//shop.example/", "must begin with"),
        ("https:///x", "and a host"),
        ("https://{host}/x", "nowhere else"),
        ("https://shop.example:{port}/x", "no address"),
        ("{scheme}://shop.example/x", "must begin with"),
        ("https://{user}@shop.example/x", "use a <header>"),
        ("https://me:secret@shop.example/x", "use a <header>"),
        ("https://shop.example/x#{part}", "holds a #"),
        ("https://shop.example/x#", "holds a #"),
        ("https://shop.example/?{key}=1", "nowhere else"),
        ("https://shop.example/?{all}", "nowhere else"),
        ("https://shop.example/{a", "nowhere else"),
        ("https://shop.example/{a b}", "a space or a character"),
        ("https://shop.example/{}", "nowhere else"),
        ("https://shop.example/{{a}}", "nowhere else"),
        ("https://shop.example/{a}/../x", "write where it leads"),
        ("https://shop.example/%2e%2e/x", "write where it leads"),
        ("https://shop.example\\x", "a space or a character"),
        ("https://shop.example/订单", "write it as %XX"),
        ("https://[::1/x", "no address"),
        ("https://shop.example:99999/x", "no address"),
    ],
)
def test_a_template_with_a_place_that_could_do_harm_is_refused(written: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        UrlTemplate(written, "tool 'x'")
    assert str(caught.value).startswith("tool 'x': url") and "secret" not in str(caught.value)


def test_it_tells_which_arguments_it_needs() -> None:
    template = UrlTemplate(SHOP, "t")
    assert (template.in_path, template.in_query) == ({"order", "n"}, {"lang"})
    assert UrlTemplate("https://shop.example", "t").fill({}) == "https://shop.example/"
    assert UrlTemplate("http://[::1]:80/?a={a}", "t").fill({"a": "1"}) == "http://[::1]:80/?a=1"
