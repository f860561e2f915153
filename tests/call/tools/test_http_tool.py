from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from firstword.call.tools import Refusal, Request, http_tool
from firstword.errors import ConfigError

from .shop import KEY, ORDER, tool


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": ["order"]}


TEXT = {"type": "string"}


def test_what_the_address_does_not_hold_goes_into_the_body_and_what_must_not_be_done_twice_has_its_own_connection() -> (
    None
):
    put = tool(method="PUT").act({"order": "7", "note": "急"})
    assert isinstance(put, Request) and put.body == '{"note": "急"}'.encode()
    assert "Connection" not in dict(put.headers)
    patch = tool(method="PATCH").act({"order": "7"})
    assert isinstance(patch, Request) and patch.body == b"{}" and dict(patch.headers)["Connection"] == "close"


def test_reading_has_no_body_and_leaves_out_what_was_not_said() -> None:
    get = tool("https://shop.example/o/{order}?lang={lang}", method="GET", schema=schema(order=TEXT, lang=TEXT))
    request = get.act({"order": "7"})
    assert isinstance(request, Request)
    assert (request.url, request.body) == ("https://shop.example/o/7", None)
    assert request.headers == (("Authorization", f"Bearer {KEY}"),)


def test_an_argument_that_has_no_place_in_an_address_is_answered() -> None:
    free = tool(schema=schema(order=TEXT))
    assert free.act({"order": "../x"}) == Refusal(
        'The arguments of order_status do not fit: "order" may hold no slash, backslash or control character.'
    )


def test_what_is_not_declared_is_not_let_through_unless_the_schema_says_so() -> None:
    assert tool().tool.parameters["additionalProperties"] is False
    assert "additionalProperties" not in ORDER
    assert tool(schema={**ORDER, "additionalProperties": TEXT}).tool.parameters["additionalProperties"] == TEXT
    by_pattern = {**ORDER, "patternProperties": {"^x_": TEXT}}
    assert "additionalProperties" not in tool(schema=by_pattern).tool.parameters


SECRETS = {
    "Authorization": "Bearer env:SHOP_TOKEN",
    "X-Key": "file:{path}",
    "Accept": "application/json",
    "X-Shop": "12",
}


def test_secrets_come_from_elsewhere_and_only_they_are_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("from-a-file\n")
    path.chmod(0o600)
    headers = {name: value.format(path=path) for name, value in SECRETS.items()}
    values = {"description": "d", "url": "https://shop.example/"}
    monkeypatch.delenv("SHOP_TOKEN", raising=False)
    with pytest.raises(ConfigError, match="tool 'x': header 'Authorization': the environment variable SHOP_TOKEN"):
        http_tool.make("x", values, headers, "tool 'x'")
    unmade = http_tool.make("x", values, headers, "tool 'x'", secrets=False)
    assert dict(unmade.headers)["Authorization"] == "Bearer env:SHOP_TOKEN"
    monkeypatch.setenv("SHOP_TOKEN", "from-the-environment")
    made = http_tool.make("x", values, headers, "tool 'x'")
    assert dict(made.headers) == {
        "Authorization": "Bearer from-the-environment",
        "X-Key": "from-a-file",
        "Accept": "application/json",
        "X-Shop": "12",
    }
    assert set(made.secrets) == {"from-the-environment", "from-a-file"}
    assert "from-" not in repr(made)


def test_secrets_that_stand_in_the_file_are_found() -> None:
    assert http_tool.in_clear(SECRETS) == {}
    assert http_tool.in_clear({"X-Api-Key": "abc", "Accept": "x", "Cookie": "sid=1"}) == {
        "X-Api-Key": "abc",
        "Cookie": "sid=1",
    }


def made(name: str = "x", headers: dict[str, str] | None = None, **values: str) -> http_tool.HttpTool:
    given = {"description": "d", "url": "https://shop.example/", **values}
    return http_tool.make(name, given, headers or {}, "tool 'x'")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"name": "查订单"}, "a tool's name has letters, digits"),
        ({"name": "x" * 65}, "a tool's name has letters, digits"),
        ({"urll": "x"}, "unknown setting 'urll' (did you mean 'url'?)"),
        ({"method": "FETCH"}, "method takes one of GET, POST, PUT, PATCH, DELETE, not 'FETCH'"),
        ({"timeout_ms": "10"}, "timeout_ms takes 100 to 60000"),
        ({"most_bytes": "x"}, "most_bytes takes a whole number"),
        ({"pointer": "data"}, "pointer begins with a slash, such as /data/0, not 'data'"),
        ({"url": "https://shop.example/{a}"}, "url has a place for 'a', which parameters does not declare"),
        ({"parameters": "{"}, "parameters is no JSON"),
        ({"parameters": "[1]"}, "parameters must be the JSON schema of an object"),
        ({"parameters": '{"type": "string"}'}, "parameters must be the JSON schema of an object"),
        ({"parameters": '{"type": "object", "properties": {"a": {"type": "text"}}}'}, "parameters is no JSON schema: 'text'"),
        ({"parameters": '{"type": "object", "required": "a"}'}, "parameters is no JSON schema"),
        ({"parameters": '{"type": "object", "x": "' + "a" * 17_000 + '"}'}, "16384 at most"),
        ({"parameters": '{"type": "object", "$ref": "http://127.0.0.1/x.json"}'}, "$ref takes a place in the schema itself"),
        ({"parameters": '{"type": "object", "properties": {"a": {"$ref": "#/$defs/no"}}}'}, "$ref takes a place in the schema itself"),
        ({"parameters": '{"type": "object", "$id": "http://x/"}'}, "$id is not supported"),
        ({"parameters": '{"type": "object", "$ref": "#"}'}, "refers to itself without an end"),
        ({"parameters": '{"type": "object", "properties": {"a": {"pattern": "("}}}'}, "'(' is no regular expression"),
        ({"parameters": '{"type": "object", "patternProperties": {"[": {}}}'}, "'[' is no regular expression"),
        ({"parameters": '{"type": "object", "properties": {"a": {}}}'}, "'a' has no place in the url, and GET has no body: write a={a}"),
        (
            {"url": "https://shop.example/{a}", "parameters": '{"type": "object", "properties": {"a": {}}}'},
            "'a' stands in the path of the url, so parameters must require it",
        ),
        (
            {"url": "https://shop.example/?a={a}", "parameters": '{"type": "object", "properties": {"a": {"type": "array"}}}'},
            "'a' stands in the url, so its type must be a text or a number",
        ),
        ({"headers": {"X Y": "1"}}, "header 'X Y' is no header's name"),
        ({"headers": {"": "1"}}, "header '' is no header's name"),
        ({"headers": {"Host": "evil"}}, "header 'Host' is set by the request itself"),
        ({"headers": {"content-length": "0"}}, "is set by the request itself"),
        ({"headers": {"X-Y": "a\nb"}}, "header 'X-Y' holds a character that no header may"),
        ({"headers": {"X-Y": "订单"}}, "header 'X-Y' holds a character that no header may"),
    ],
)  # fmt: skip
def test_a_tool_that_can_not_be_is_refused_in_one_line(values: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made(**values)
    assert str(caught.value).startswith("tool 'x': ") and line in str(caught.value), caught.value
    assert "\n" not in str(caught.value)


def test_a_tool_without_a_description_or_an_address_is_refused() -> None:
    for missing in ("description", "url"):
        values = {"description": "d", "url": "https://shop.example/"}
        del values[missing]
        with pytest.raises(ConfigError, match=f"'{missing}' is missing"):
            http_tool.make("x", values, {}, "tool 'x'")


def test_a_schema_may_refer_to_itself_where_there_is_an_end() -> None:
    tree = {
        "type": "object",
        "properties": {"order": {"$ref": "#/$defs/node"}},
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    }
    deep = made(method="POST", parameters=json.dumps(tree))
    assert deep.parameters.take("x", '{"order": {"next": {"next": {}}}}') == {"order": {"next": {"next": {}}}}
    verdict = deep.parameters.take("x", '{"order": {"next": {"next": 1}}}')
    assert isinstance(verdict, Refusal) and '"order.next.next" must be of type object' in verdict.answer
