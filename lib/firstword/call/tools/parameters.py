"""The parameters of a tool: a JSON schema, and what a model wrote, judged by it. [pure]"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import jsonschema
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import validator_for

from ...errors import ConfigError
from .actions import Refusal
from .pointer import find

log = logging.getLogger("firstword.tools")

SCHEMA_CHARS = 16_384
"""The model is told all of it, with every request."""
TOLD_CHARS = 400
"""Of a refusal: the model reads it in the middle of a call."""


def read_schema(written: str, where: str) -> dict[str, Any]:
    """The schema in a configuration. Raises ConfigError."""
    if len(written) > SCHEMA_CHARS:
        raise ConfigError(
            f"{where} holds {len(written)} characters; the model is told all of them: {SCHEMA_CHARS} at most"
        )
    try:
        schema = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is no JSON: {error}") from error
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise ConfigError(f'{where} must be the JSON schema of an object: {{"type": "object", "properties": ...}}')
    return schema


class Parameters:
    """Judges the arguments of one tool.

    Args:
        schema: of an object.
        strict: what is not declared is refused, unless the schema itself says otherwise. Else it is let through.
        where: the place in the configuration, for the error.

    Raises:
        ConfigError: the schema is none, or refers to something outside itself.
    """

    def __init__(self, schema: Mapping[str, Any], where: str, *, strict: bool) -> None:
        open_by_itself = {"additionalProperties", "unevaluatedProperties", "patternProperties"} & set(schema)
        self.schema: dict[str, Any] = dict(schema)
        """As the model is told it."""
        if strict and not open_by_itself:
            self.schema["additionalProperties"] = False
        _check_inside(self.schema, where)
        kind = validator_for(self.schema, default=jsonschema.Draft202012Validator)
        try:
            kind.check_schema(self.schema)
        except SchemaError as error:
            raise ConfigError(f"{where} is no JSON schema: {_cut(' '.join(error.message.split()), 200)}") from error
        self._validator = kind(self.schema, format_checker=jsonschema.FormatChecker())
        try:
            best_match(self._validator.iter_errors({}))
        except RecursionError:
            raise ConfigError(f"{where} refers to itself without an end") from None
        properties = self.schema.get("properties", {})
        self.names: tuple[str, ...] = tuple(properties)

    def take(self, tool: str, written: str) -> dict[str, Any] | Refusal:
        """What the model `written` wrote, if it fits; else what would. Never raises."""
        try:
            value = json.loads(written.strip() or "{}", parse_constant=_refuse, parse_float=_finite)
            written.encode()
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):  # UnicodeError is one: half a character, written as \ud83d
            return self._no_object(tool)
        if value is None:  # how some write "no arguments"
            value = {}
        if not isinstance(value, dict):
            return self._no_object(tool)
        try:
            error = best_match(self._validator.iter_errors(value))
        except Exception as broke:  # noqa: BLE001 - the door to the library; its traceback would hold what the caller said
            log.error("the arguments of %s could not be judged: %s", tool, type(broke).__name__)
            return Refusal(f"The arguments of {tool} could not be judged; write simpler ones.")
        if error is not None:
            return Refusal(_cut(f"The arguments of {tool} do not fit: {self._sentence(error)}.", TOLD_CHARS))
        return value

    def _no_object(self, tool: str) -> Refusal:
        names = ", ".join(f'"{name}": ...' for name in self.names)
        return Refusal(_cut(f"The arguments of {tool} must be one JSON object: {{{names}}}.", TOLD_CHARS))

    def _sentence(self, error: ValidationError) -> str:
        place = ".".join(str(part) for part in error.absolute_path)
        what = f'"{place}"' if place else "the object"
        wanted: Any = error.validator_value
        schema: Any = error.schema
        written: Any = error.instance
        match error.validator:
            case "required":
                missing = [name for name in wanted if name not in written]
                return f"{_quoted(missing)} is missing in {what}"
            case "additionalProperties" if wanted is False:
                known = schema.get("properties", {})
                unknown = [name for name in written if name not in known]
                return f"{_quoted(unknown)} is unknown in {what}; known: {_quoted(known) or 'none'}"
            case "enum":
                return f"{what} must be one of {_quoted(wanted)}"
            case "type":
                return f"{what} must be of type {' or '.join([wanted] if isinstance(wanted, str) else wanted)}"
            case "pattern":
                return f"{what} must match the regular expression {wanted}"
            case "minLength" | "maxLength" | "minItems" | "maxItems" | "minimum" | "maximum" | "format" | "const":
                return f"{what} must have {error.validator} {wanted}"
        return f"{what}: {_cut(error.message, 200)}"


def _quoted(names: Any) -> str:
    return ", ".join(f'"{name}"' if isinstance(name, str) else json.dumps(name, ensure_ascii=False) for name in names)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _refuse(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _check_inside(schema: Mapping[str, Any], where: str) -> None:
    """What would fail only when a model's arguments are judged, or be fetched from another machine: found now. Raises ConfigError."""
    for key, value in _keywords(schema):
        if key == "$ref":
            try:
                find(schema, unquote(value[1:]) if value.startswith("#") else "none")
            except LookupError:
                raise ConfigError(
                    f"{where}: $ref takes a place in the schema itself, such as #/$defs/x, not {value!r}"
                ) from None
        elif key in ("$id", "$dynamicRef", "$recursiveRef"):
            raise ConfigError(f"{where}: {key} is not supported")
        elif key == "pattern":
            try:
                re.compile(value)
            except re.error as error:
                raise ConfigError(f"{where}: {value!r} is no regular expression: {error}") from error


def _keywords(schema: Any) -> Iterator[tuple[str, str]]:
    """Every key with a text, at any depth; the names of ``patternProperties`` are patterns too."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if isinstance(value, str):
                yield key, value
            if key == "patternProperties" and isinstance(value, dict):
                yield from (("pattern", name) for name in value)
            yield from _keywords(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _keywords(value)
