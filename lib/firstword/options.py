"""Settings as typed values: from strings in a configuration file to a frozen dataclass, or one clear line that says what is wrong.

A section is a frozen dataclass; each field is made by `option`, which carries what a person needs to know (help, unit, range, choices). The
same declaration checks the file, answers "did you mean", and prints the reference table of the documentation.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import pathlib
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from .errors import ConfigError

S = TypeVar("S")

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def option(
    default: Any = dataclasses.MISSING,
    *,
    help: str,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] = (),
    secret: bool = False,
    spoken: bool = False,
    schemes: Sequence[str] = (),
) -> Any:
    """A dataclass field that knows its meaning. Without `default` it is required; `secret` values are never shown; `spoken` ones, texts or
    tuples of texts, are told to callers as they stand (`phrases`); one with `schemes` is an address that secrets are sent to, and judged
    by `net.allowed`."""
    metadata = {
        "help": help,
        "low": low,
        "high": high,
        "choices": tuple(choices),
        "secret": secret,
        "spoken": spoken,
        "schemes": tuple(schemes),
    }
    return dataclasses.field(default=default, metadata=metadata, repr=not secret)


def bind(section: type[S], values: Mapping[str, str], where: str, *, secrets: bool = True) -> S:
    """Make a `section` from strings.

    Args:
        section: a dataclass whose fields were made by `option`; fields may be str, int, float, bool or tuple[str, ...] (split at ``|``).
        values: names and texts as they stand in the file.
        where: the place, for the error: ``profile "demo"``, ``service "aliyun"``.
        secrets: whether to look secrets up (`reveal`); without, only the names and the other values are checked.

    Raises:
        ConfigError: an unknown name (with the nearest known one), a missing one, or a value of the wrong kind or out of range.
    """
    fields = {f.name: f for f in dataclasses.fields(section)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(section)
    for name in values:
        if name not in fields:
            raise ConfigError(f"{where}: unknown setting {name!r}{did_you_mean(name, fields)}")
    made = {}
    for name, field in fields.items():
        if name in values:
            text = values[name]
        elif field.default is dataclasses.MISSING:
            raise ConfigError(f"{where}: {name!r} is missing ({field.metadata['help']})")
        elif field.metadata["secret"]:
            text = field.default  # may name an environment variable
        else:
            continue
        if field.metadata["secret"] and secrets:
            text = reveal(text, f"{where}: {name}")
        made[name] = _value(text, hints[name], field, f"{where}: {name}")
    return section(**made)


def reveal(text: str, where: str) -> str:
    """A secret's value: ``env:NAME`` reads the environment, ``file:PATH`` a file that only its owner may read; else `text` itself.

    Raises:
        ConfigError: there is no such variable or file, it is empty, or the file is open to others or holds more than a secret.
    """
    kind, _, name = text.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise ConfigError(f"{where}: the environment variable {name} is not set")
        return value
    if kind == "file":
        path = pathlib.Path(name)
        try:
            if path.stat().st_mode & 0o077:
                raise ConfigError(f"{where}: {name} can be read by others; chmod 600 it")
            value = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{where}: {name} can not be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise ConfigError(f"{where}: {name} is not text: it must hold the secret and nothing else") from None
        if len(value.splitlines()) > 1:
            raise ConfigError(f"{where}: {name} has more than one line: it must hold the secret and nothing else")
        if not value:
            raise ConfigError(f"{where}: {name} is empty")
        return value
    return text


def in_clear(section: type[Any], values: Mapping[str, str]) -> dict[str, str]:
    """The secrets among `values`, as they stand in the file, that are neither in the environment nor in a file of their own."""
    names = (f.name for f in dataclasses.fields(section) if f.metadata["secret"])
    found = {name: values[name].strip() for name in names if name in values}
    return {name: text for name, text in found.items() if text and not text.startswith(("env:", "file:"))}


def phrases(section: Any) -> tuple[str, ...]:
    """What `section`, an instance, has callers told as it stands: its options marked ``spoken``, in their order, each text once."""
    found: dict[str, None] = {}
    for field in dataclasses.fields(section):
        if field.metadata.get("spoken"):
            value = getattr(section, field.name)
            found |= dict.fromkeys((value,) if isinstance(value, str) else value)
    found.pop("", None)
    return tuple(found)


def did_you_mean(name: str, known: typing.Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest of `known`, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""


def bounds(low: float | None, high: float | None) -> str:
    """A range as a person reads it: ``1000 to 86400000``, ``0 or more``."""
    if low is None or high is None:
        return f"{low:.12g} or more" if low is not None else f"at most {high:.12g}"
    return f"{low:.12g} to {high:.12g}"


def _value(text: str, kind: Any, field: dataclasses.Field[Any], where: str) -> Any:
    meta = field.metadata
    if typing.get_origin(kind) in (typing.Union, types.UnionType):  # Optional: the text decides for the first member
        kind = next(member for member in typing.get_args(kind) if member is not type(None))
    text = text.strip()
    if kind is bool:
        if text.lower() not in _TRUE + _FALSE:
            raise ConfigError(f"{where} takes true or false, not {text!r}")
        return text.lower() in _TRUE
    if typing.get_origin(kind) is tuple:
        if "｜" in text:  # which a Chinese keyboard writes: callers would hear the whole list as one text
            raise ConfigError(f"{where} is split at |, not at the full-width ｜ that is in it")
        return tuple(part.strip() for part in text.split("|") if part.strip())
    if meta["choices"] and text not in meta["choices"]:
        raise ConfigError(
            f"{where} takes one of {', '.join(meta['choices'])}, not {text!r}{did_you_mean(text, meta['choices'])}"
        )
    if kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            raise ConfigError(f"{where} takes a {'whole ' * (kind is int)}number, not {text!r}") from None
        low, high = meta["low"], meta["high"]
        if (low is not None and number < low) or (high is not None and number > high) or number != number:
            raise ConfigError(f"{where} takes {bounds(low, high)}, not {text}")
        return number
    return text
