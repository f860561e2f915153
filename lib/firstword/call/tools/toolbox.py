"""The tools of a profile: what the model is told of them, and what becomes of what it asks. [pure]"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ...errors import ConfigError
from ...options import did_you_mean
from ...speech.llm import Tool, ToolCall
from . import builtin
from .actions import Action, Outcome, Refusal
from .http_tool import HttpTool
from .parameters import Parameters
from .permissions import Permissions
from .usage import ToolUse, masked


class _Acts(Protocol):
    def act(self, arguments: Mapping[str, Any]) -> Action | Refusal: ...


class Toolbox:
    """Has no state: any number of calls may use one, from any thread.

    Args:
        permissions: the profile.
        declared: the tools of the configuration, by name.
        where: the profile, for the error.

    Raises:
        ConfigError: a tool is not known, is there twice, or has nothing to act on.
    """

    def __init__(self, permissions: Permissions, declared: Mapping[str, HttpTool], where: str) -> None:
        self._permissions = permissions
        self._tools: dict[str, tuple[Tool, Parameters, _Acts]] = {}
        self._secrets: tuple[str, ...] = ()
        for name in permissions.tools:
            if name in self._tools:
                raise ConfigError(f"{where}: tools: {name!r} is there twice")
            if name in declared:
                tool = declared[name]
                self._tools[name] = tool.tool, tool.parameters, tool
                self._secrets += tool.secrets
            elif name in builtin.NAMES:
                made = builtin.make(name, permissions, where)
                # What a model adds to the arguments of these is not used, so it does no harm.
                self._tools[name] = made.tool, Parameters(made.tool.parameters, name, strict=False), made
            else:
                known = (*builtin.NAMES, *declared)
                hint = did_you_mean(name, known) or f" (known: {', '.join(known)})"
                raise ConfigError(f"{where}: tools: there is no such tool {name!r}{hint}")

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the model is told, in the profile's order."""
        return tuple(tool for tool, _, _ in self._tools.values())

    def judge(self, call: ToolCall) -> Action | Refusal:
        """What is to be done for `call`, or the sentence that answers it. Never raises, whatever the model wrote."""
        if call.name not in self._tools:
            return Refusal(f"There is no such tool; known: {', '.join(self._tools) or 'none'}.")
        _, parameters, acts = self._tools[call.name]
        arguments = parameters.take(call.name, call.arguments)
        return arguments if isinstance(arguments, Refusal) else acts.act(arguments)

    def use(self, call: ToolCall, outcome: Outcome, ms: int) -> ToolUse:
        """What the record keeps of a call that was judged, and done or not."""
        name = call.name if call.name in self._tools else call.name[:64]
        arguments = masked(call.arguments, self._permissions.private_arguments, self._secrets)
        return ToolUse(name, arguments, outcome, ms)
