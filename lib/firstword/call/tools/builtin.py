"""The tools that the call itself does. [pure]

Each is told to the model in both languages, for a profile's instructions may be in either. Its arguments have been judged by its schema
before `act` sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ...errors import ConfigError
from ...speech.llm import Tool
from . import permissions as permitted
from .actions import Action, CollectDigits, HangUp, Refusal, SendKeys, SetVariable, Transfer
from .dialplan import TEXT_CHARS, plain
from .permissions import Permissions

MOST_DIGITS = 32


class Builtin(Protocol):
    """One of them, as a profile allows it."""

    tool: Tool

    def act(self, arguments: Mapping[str, Any]) -> Action | Refusal: ...


class TransferTool:
    """`destinations`: targets by name."""

    def __init__(self, destinations: Mapping[str, str]) -> None:
        self._destinations = destinations
        self.tool = Tool(
            "transfer",
            "把来电转接给人工或其他去处，只能转到列表里的名字。来电者要求转接，或者你解决不了时使用；先说一句话告诉对方。 "
            "Transfer the caller to one of the listed destinations; tell the caller first.",
            _object(
                ["name"],
                name={"type": "string", "enum": [*destinations], "description": "去处的名字 / the destination's name"},
                summary={
                    "type": "string",
                    "description": f"给接听人员的一句话摘要，最多{TEXT_CHARS}字 / what the caller wants, for whoever takes the call",
                },
            ),
        )

    def act(self, arguments: Mapping[str, Any]) -> Transfer | Refusal:
        name = arguments["name"]
        if name not in self._destinations:
            return Refusal(f"There is no destination of that name; known: {', '.join(self._destinations)}.")
        return Transfer(name, self._destinations[name], plain(arguments.get("summary", "")))


class HangUpTool:
    def __init__(self) -> None:
        self.tool = Tool(
            "hang_up",
            "结束通话。先说再见，再使用；对方听完之后才会挂断。 End the call: say goodbye first, the line is closed when it was heard.",
            _object([]),
        )

    def act(self, arguments: Mapping[str, Any]) -> HangUp:
        return HangUp()


class SendKeysTool:
    def __init__(self) -> None:
        self.tool = Tool(
            "send_keys",
            "向线路发送按键音，比如遇到语音菜单时。w 表示等半秒。 Send DTMF keys to the line, as to a voice menu; w waits half a second.",
            _object(["keys"], keys={"type": "string", "pattern": f"^[0-9A-D*#wW]{{1,{MOST_DIGITS}}}$"}),
        )

    def act(self, arguments: Mapping[str, Any]) -> SendKeys:
        return SendKeys(arguments["keys"].strip())  # $ lets a line's end through


class SetVariableTool:
    """`variables`: the channel's by the name that the model knows."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.tool = Tool(
            "set_variable",
            "记下一个值，供后续流程使用，只能用列表里的名字。 Note a value for what follows the call; only the listed names.",
            _object(
                ["name", "value"],
                name={"type": "string", "enum": [*variables]},
                value={"type": "string", "maxLength": TEXT_CHARS},
            ),
        )

    def act(self, arguments: Mapping[str, Any]) -> SetVariable | Refusal:
        name = arguments["name"]
        if name not in self._variables:
            return Refusal(f"There is no variable of that name; known: {', '.join(self._variables)}.")
        return SetVariable(self._variables[name], plain(arguments["value"]))


class CollectDigitsTool:
    def __init__(self) -> None:
        digits = {"type": "integer", "minimum": 1, "maximum": MOST_DIGITS}
        self.tool = Tool(
            "collect_digits",
            "请对方用按键输入数字，之后说清楚要输入什么；按下的数字就是对方的下一句话。 "
            "Let the caller enter digits by keys, then say what to enter; the digits are the caller's next words.",
            _object(
                [],
                least={**digits, "description": "最少几位，默认1 / fewest, default 1"},
                most={**digits, "description": f"最多几位，默认{MOST_DIGITS} / most, default {MOST_DIGITS}"},
                end_key={"type": "string", "enum": ["#", "*", ""], "description": "结束键，默认# / default #"},
                timeout_s={
                    "type": "number",
                    "minimum": 1,
                    "maximum": 60,
                    "description": "多久没有按键就结束，秒，默认10 / seconds without a key, default 10",
                },
            ),
        )

    def act(self, arguments: Mapping[str, Any]) -> CollectDigits | Refusal:
        least = int(arguments.get("least", 1))
        most = int(arguments.get("most", MOST_DIGITS))
        if least > most:
            return Refusal('The arguments of collect_digits do not fit: "least" may not be more than "most".')
        timeout_ms = round(arguments.get("timeout_s", 10) * 1000)
        return CollectDigits(least, most, arguments.get("end_key", "#"), timeout_ms)


def make(name: str, permissions: Permissions, where: str) -> Builtin:
    """The built-in tool `name`. Raises ConfigError: it has nothing to act on."""
    return _MAKERS[name](permissions, where)


def _transfer(permissions: Permissions, where: str) -> Builtin:
    found = permitted.destinations(permissions, where)
    if not found:
        raise ConfigError(f"{where}: tools has transfer, but destinations is empty")
    return TransferTool(found)


def _set_variable(permissions: Permissions, where: str) -> Builtin:
    found = permitted.variables(permissions, where)
    if not found:
        raise ConfigError(f"{where}: tools has set_variable, but variables is empty")
    return SetVariableTool(found)


_MAKERS: dict[str, Callable[[Permissions, str], Builtin]] = {
    "transfer": _transfer,
    "hang_up": lambda permissions, where: HangUpTool(),
    "send_keys": lambda permissions, where: SendKeysTool(),
    "set_variable": _set_variable,
    "collect_digits": lambda permissions, where: CollectDigitsTool(),
}
NAMES = tuple(_MAKERS)


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})
