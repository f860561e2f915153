"""The scripted mind: says exactly the tokens it was told to say, at exactly the times.

A script, as YAML or as the arguments of `ScriptedMind`::

    replies:                       # by the caller's turn: the first user message gets the first reply, ...
      - 您好，请问有什么可以帮您？    # a text, in tokens of two characters
      - text: 好的，我来查一下。
        token_chars: 1
      - tokens: [请, 稍等, {text: 。, delay_ms: 400}]     # exact tokens; this one comes 400 ms later than the pace says
        thinking: 用户想查账单          # sent as reasoning_content before the answer
      - echo                       # the caller's own words
    match:                         # first, before the turn's number: a regular expression found in the last user message
      - {when: 账单|bill, text: 您本月的账单是三十元。}
      - when: 订单
        text: 我查一下。
        calls: [{name: order_status, arguments: {order: "7"}}]   # after the text; arguments may be a text, for what is no JSON
      - {answered: order_status, when: shipped, text: 已经发货了。}   # that tool has answered, and this is found in its answer
    otherwise: echo                # when there is no reply for the turn; without it the last one is said again
    conversations:                 # scripts of their own, for the calls whose system message holds the text
      - {when: 订票, replies: [好的，去哪里？]}

After a tool's answer only the entries with ``answered`` count, the first that fits; if none does, the answer itself is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ScriptError
from ..options import did_you_mean
from .engines import MindSays, Pause, Thought, Wanted, Wish

TOKEN_CHARS = 2
ECHO = "echo"


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a reply; `delay_ms` is what it comes later than the pace of the gateway says."""

    text: str
    delay_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer: its tokens, or the caller's own words if `echo`; then the tools it wants."""

    tokens: tuple[Token, ...] = ()
    thinking: str = ""
    echo: bool = False
    token_chars: int = TOKEN_CHARS
    calls: tuple[Wanted, ...] = ()


Script = str | Mapping[str, Any] | Reply
"""One reply as it is written: a text, ``echo``, or a mapping with ``text``, ``tokens`` or ``calls``."""


@dataclass(frozen=True, slots=True)
class _Match:
    """When a reply is given: what must be found in the last words, and whose words they must be."""

    when: re.Pattern[str]
    reply: Reply
    answered: str = ""
    """A tool's name; "" is the caller."""


class ScriptedMind:
    """Answers by turn number or by what the caller said. Has no state: any number of conversations at once.

    Args:
        replies: by turn.
        match: pairs of a regular expression and the reply to it, or mappings as in a file; the first that is found in the last user
            message, or in the answer of the tool it names, wins.
        otherwise: when there is no reply for the turn. Default: the last of `replies`, or ``echo`` if there are none.
        conversations: pairs of a text and the mind for calls whose system message holds it; the first that fits answers.
        where: what to call the script in errors.

    Raises:
        ScriptError: a reply or an expression can not be read; the text says which.
    """

    quick = True

    def __init__(
        self,
        replies: Sequence[Script] = (),
        match: Mapping[str, Script] | Sequence[tuple[str, Script] | Mapping[str, Any]] = (),
        otherwise: Script | None = None,
        where: str = "script",
        conversations: Sequence[tuple[str, ScriptedMind]] = (),
    ) -> None:
        self._conversations = conversations
        self._replies = [_reply(reply, f"{where}: reply {n}") for n, reply in enumerate(replies, 1)]
        entries = match.items() if isinstance(match, Mapping) else match
        self._match = [_match(entry, where) for entry in entries]
        if otherwise is not None:
            self._otherwise = _reply(otherwise, f"{where}: otherwise")
        else:
            self._otherwise = self._replies[-1] if self._replies else Reply(echo=True)

    @classmethod
    def load(cls, path: str) -> ScriptedMind:
        """The script in a YAML file.

        Raises:
            ScriptError: it can not be read; the text names the file and the place.
        """
        import yaml

        try:
            content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ScriptError(f"{path} can not be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ScriptError(f"{path} is not text in UTF-8") from error
        except yaml.YAMLError as error:
            raise ScriptError(f"{path}: {' '.join(str(error).split())}") from error
        if isinstance(content, list):
            content = {"replies": content}
        if not isinstance(content, dict):
            raise ScriptError(f"{path}: a list of replies, or a mapping with replies, match and otherwise, is wanted")
        conversations = content.pop("conversations", None) or []
        minds = []
        for number, entry in enumerate(conversations, 1):
            where = f"{path}: conversation {number}"
            if not isinstance(entry, dict) or not entry.get("when"):
                raise ScriptError(f"{where}: each needs a when: {entry!r}")
            own = {key: value for key, value in entry.items() if key != "when"}
            minds.append((str(entry["when"]), cls._read(own, where)))
        return cls._read(content, path, minds)

    @classmethod
    def _read(
        cls, content: Mapping[str, Any], where: str, conversations: Sequence[tuple[str, ScriptedMind]] = ()
    ) -> ScriptedMind:
        for key in content:
            if key not in ("replies", "match", "otherwise"):
                raise ScriptError(
                    f"{where}: unknown key {key!r}{did_you_mean(str(key), ('replies', 'match', 'otherwise'))}"
                )
        matches = content.get("match") or []
        if not isinstance(matches, list):
            raise ScriptError(f"{where}: match takes a list")
        return cls(content.get("replies") or [], matches, content.get("otherwise"), where, conversations)

    def answer(self, messages: Sequence[Mapping[str, Any]], wish: Wish) -> Generator[MindSays, None, None]:
        system = "".join(content(message) for message in messages if message.get("role") == "system")
        mind = next((mind for text, mind in self._conversations if text in system), self)
        said = [content(message) for message in messages if message.get("role") == "user"]
        answers = _answers(messages)
        last = answers[-1][1] if answers else said[-1] if said else ""
        reply = mind._go_on(answers) if answers else mind._choose(last, len(said))
        for piece in _pieces(reply.thinking, reply.token_chars):
            yield Thought(piece)
        tokens = reply.tokens
        if reply.echo:
            tokens = tuple(Token(piece) for piece in _pieces(last, reply.token_chars))
        for token in tokens:
            if token.delay_ms:
                yield Pause(token.delay_ms)
            yield token.text
        yield from reply.calls

    def _choose(self, last: str, turn: int) -> Reply:
        for match in self._match:
            if not match.answered and match.when.search(last):
                return match.reply
        return self._replies[turn - 1] if 0 < turn <= len(self._replies) else self._otherwise

    def _go_on(self, answers: Sequence[tuple[str, str]]) -> Reply:
        for match in self._match:
            if any(match.answered == name and match.when.search(text) for name, text in answers):
                return match.reply
        return Reply(echo=True)


def _answers(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The tools that have answered since anybody spoke, and what."""
    names: dict[Any, str] = {}
    found: list[tuple[str, str]] = []
    for message in messages:
        if message.get("role") == "tool":
            found.append((names.get(message.get("tool_call_id"), ""), content(message)))
            continue
        found = []
        names |= {call.get("id"): call["function"]["name"] for call in message.get("tool_calls") or ()}
    return found


def content(message: Mapping[str, Any]) -> str:
    """The text of a chat message, whose content may be a text or a list of parts."""
    given = message.get("content")
    if isinstance(given, list):
        return "".join(str(part.get("text", "")) for part in given if isinstance(part, dict))
    return given if isinstance(given, str) else ""


def mind() -> ScriptedMind:
    return ScriptedMind()


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _pattern(when: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(when)
    except re.error as error:
        raise ScriptError(f"{where}: match {when!r} is no regular expression: {error}") from error


def _match(entry: tuple[str, Script] | Mapping[str, Any], where: str) -> _Match:
    if isinstance(entry, tuple):
        when, written, answered = *entry, ""
    elif isinstance(entry, Mapping) and ("when" in entry or "answered" in entry):
        when, answered = str(entry.get("when", "")), str(entry.get("answered", ""))
        written = {key: value for key, value in entry.items() if key not in ("when", "answered")}
    else:
        raise ScriptError(f"{where}: each entry of match needs a when or an answered: {entry!r}")
    place = f"{where}: match {when!r}" + (f" of {answered!r}" if answered else "")
    return _Match(_pattern(when, where), _reply(written, place), answered)


def _call(written: Any, size: int, where: str) -> Wanted:
    if not isinstance(written, Mapping) or not written.get("name"):
        raise ScriptError(f"{where}: each of calls is a mapping with a name, and arguments, not {written!r}")
    for key in written:
        if key not in ("name", "arguments"):
            raise ScriptError(f"{where}: calls: unknown key {key!r}{did_you_mean(str(key), ('name', 'arguments'))}")
    arguments = written.get("arguments", {})
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return Wanted(str(written["name"]), arguments, size)


def _reply(written: Script, where: str) -> Reply:
    if isinstance(written, Reply):
        return written
    if isinstance(written, str):
        written = {"text": written} if written != ECHO else {"echo": True}
    if not isinstance(written, Mapping):
        raise ScriptError(f"{where}: a text, echo, or a mapping with text or tokens is wanted, not {written!r}")
    known = ("text", "tokens", "echo", "token_chars", "thinking", "delay_ms", "calls")
    for key in written:
        if key not in known:
            raise ScriptError(f"{where}: unknown key {key!r}{did_you_mean(str(key), known)}")
    size = written.get("token_chars", TOKEN_CHARS)
    if not isinstance(size, int) or size < 1:
        raise ScriptError(f"{where}: token_chars takes a whole number from 1, not {size!r}")
    if "tokens" in written:
        if not isinstance(written["tokens"], Sequence) or isinstance(written["tokens"], str):
            raise ScriptError(f"{where}: tokens takes a list")
        tokens = [_token(token, where) for token in written["tokens"]]
    else:
        tokens = [Token(piece) for piece in _pieces(str(written.get("text", "")), size)]
    delay_ms = _delay(written.get("delay_ms", 0), where)
    if delay_ms and tokens:
        tokens[0] = Token(tokens[0].text, tokens[0].delay_ms + delay_ms)
    calls = written.get("calls", ())
    if not isinstance(calls, Sequence) or isinstance(calls, str):
        raise ScriptError(f"{where}: calls takes a list")
    return Reply(
        tuple(tokens),
        str(written.get("thinking", "")),
        bool(written.get("echo", False)),
        size,
        tuple(_call(call, size * 2, where) for call in calls),
    )


def _token(written: Any, where: str) -> Token:
    if isinstance(written, Token):
        return written
    if isinstance(written, Mapping):
        text, delay_ms = written.get("text"), _delay(written.get("delay_ms", 0), where)
    else:
        text, delay_ms = written, 0.0
    if not isinstance(text, str) or not text:
        raise ScriptError(
            f"{where}: a token is a text of at least one character, or a mapping with one, not {written!r}"
        )
    return Token(text, delay_ms)


def _delay(written: Any, where: str) -> float:
    if not isinstance(written, (int, float)) or isinstance(written, bool) or written < 0:
        raise ScriptError(f"{where}: delay_ms takes milliseconds, not {written!r}")
    return float(written)
