"""Doing things: what the model of a profile may ask for, what becomes of it, and the services that do it.

Pure but for one file: `toolbox.Toolbox` judges, `usage.Budget` counts, `errand.Errands` makes the HTTP requests. The call carries out the
other actions itself. What a model writes is data: it chooses among what the profile lists, and fills texts that are only read.
"""

from .actions import (
    Action,
    Answer,
    CollectDigits,
    HangUp,
    Outcome,
    Refusal,
    Request,
    SendKeys,
    SetVariable,
    Transfer,
)
from .errand import Errand, Errands
from .http_tool import HttpTool
from .permissions import Permissions
from .toolbox import Toolbox
from .usage import Budget, ToolUse

__all__ = [
    "Action",
    "Answer",
    "Budget",
    "CollectDigits",
    "Errand",
    "Errands",
    "HangUp",
    "HttpTool",
    "Outcome",
    "Permissions",
    "Refusal",
    "Request",
    "SendKeys",
    "SetVariable",
    "ToolUse",
    "Toolbox",
    "Transfer",
]
