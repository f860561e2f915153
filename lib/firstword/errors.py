"""Whose fault it was, and what to do.

Four classes, by who must act: the operator (`ConfigError`), the service (`ProviderError`), the switch (`HostError`),
or the writer of a caller script (`ScriptError`). Foreign exceptions are mapped where a layer begins, always ``from`` the
original. The text is one line for an operator: what happened, whose fault, what to do; it never contains a secret.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["throttled", "quota", "credentials", "voice", "text", "settings", "server", "network", "ours"]
"""What a service's failure is about:

* ``throttled`` too many requests or sessions at once: another service, or the same a moment later
* ``quota`` the account has no money, no trial or no right left: another service; this one when the operator has acted
* ``credentials`` a key or token is wrong or has expired
* ``voice`` the voice does not exist, or does not belong to the model or the account
* ``text`` the service will not take this very text or audio (inspection, markup, length): another service may
* ``settings`` another setting is refused (model, format, rate, address)
* ``server`` the service failed, or stalled
* ``network`` the service could not be reached, or the connection broke
* ``ours`` a message of ours was not understood: a fault of this program
"""


class FirstwordError(Exception):
    """The base of everything this package raises on purpose. Catch it to say one line instead of a traceback."""


class ConfigError(FirstwordError):
    """A setting is unknown, missing or out of range: the operator's to mend. The text names the setting and its place."""


class HostError(FirstwordError):
    """The switch refused or lacks something (a FIFO, an application, a variable)."""


class ScriptError(FirstwordError):
    """A caller script or one of its files can not be used. The text names the file and the line or the step."""


class ProviderError(FirstwordError):
    """A speech or language service failed.

    Args:
        text: what happened and what to do, one line, without secrets.
        provider: the service's name in the configuration's words, such as ``aliyun tts``.
        code: the service's own code as it was written on the wire ("40000004", "invalid_api_key", "HTTP 403"), or "".
        retry: whether the same request may succeed if it is made again (throttled, network, server error) or
            never will (bad key, bad voice, bad text).
        kind: what it is about; decides whether another service is asked.
    """

    def __init__(self, text: str, *, provider: str, code: str = "", retry: bool = False, kind: Kind = "server") -> None:
        super().__init__(text)
        self.kind: Kind = kind
        self.provider = provider
        self.code = code
        self.retry = retry

    def __str__(self) -> str:
        code = f" [{self.code}]" if self.code else ""
        return f"{self.provider}: {self.args[0]}{code}"


def one_line(error: BaseException, limit: int = 300) -> str:
    """An error as a single line of at most `limit` characters, fit for a channel variable or a record."""
    text = " ".join(str(error).split()) or type(error).__name__
    if not isinstance(error, FirstwordError):
        text = f"{type(error).__name__}: {text}"
    return text if len(text) <= limit else text[: limit - 1] + "…"
