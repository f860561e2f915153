"""What DashScope's error codes mean to an operator: what to do, what it is about, and whether to try again. [pure]

The codes are words, the same over HTTP and in ``task-failed``. Some are so wide that only the message says what is wrong (`SAYINGS`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import ProviderError
from ...net.failures import Meaning, Row
from ...net.redact import CODE_CHARS, redact

MEANINGS: dict[str, Meaning] = {
    "InvalidApiKey": Meaning("settings", "unknown key: check api_key, and that it is of the url's region", "credentials"),
    "AccessDenied": Meaning("account", "the key has no right to this model or workspace: grant it in the console", "credentials"),
    "AccessDenied.Unpurchased": Meaning("account", "the account has not activated this model: activate it in the console", "quota"),
    "Model.AccessDenied": Meaning("account", "the key's workspace has no right to this model: grant it in the console", "credentials"),
    "Workspace.AccessDenied": Meaning("account", "the key has no right to this workspace: check workspace", "credentials"),
    "AllocationQuota.FreeTierOnly": Meaning("account", "the free quota is used up: end the free-tier-only mode", "quota"),
    "Arrearage": Meaning("account", "the account is overdue: pay, then wait some minutes", "quota"),
    "PrepaidBillOverdue": Meaning("account", "the prepaid bill is overdue: pay in the console", "quota"),
    "PostpaidBillOverdue": Meaning("account", "the bill is overdue: pay in the console", "quota"),
    "CommodityNotPurchased": Meaning("account", "the service was not bought: buy it in the console", "quota"),
    "ModelNotFound": Meaning("settings", "the service has no such model in this region: check model and url", "settings"),
    "WorkSpaceNotFound": Meaning("settings", "there is no such workspace: check workspace", "settings"),
    "NotFound": Meaning("settings", "what was asked for does not exist: check model, voice and url", "settings"),
    "InvalidURL": Meaning("settings", "the service has no such address: check url", "settings"),
    "UnsupportedOperation": Meaning("settings", "the model can not do this: check model", "settings"),
    "InvalidParameter": Meaning("settings", "the service refused a parameter: check voice, model and the other settings", "settings"),
    "InvalidParameter.DataInspection": Meaning("service", "the service could not inspect the data", "text"),
    "DataInspectionFailed": Meaning("service", "the service will not take this content", "text"),
    "BadRequest.EmptyInput": Meaning("firstword", "a message had no input", "ours"),
    "BadRequest.EmptyParameters": Meaning("firstword", "a message had no parameters", "ours"),
    "BadRequest.EmptyModel": Meaning("firstword", "a message named no model", "ours"),
    "BadRequest.IllegalInput": Meaning("firstword", "the service did not accept a message", "ours"),
    "BadRequest.TooLarge": Meaning("service", "the text or the audio is too long for one message", "text"),
    "BadRequest.VoiceNotFound": Meaning("settings", "there is no such voice: check voice", "voice"),
    "BadRequest.ResourceNotExist": Meaning("settings", "what a setting names does not exist: check voice and vocabulary", "settings"),
    "CLIENT_ERROR": Meaning("service", "the service ended the task", "server", True),
    "NO_VALID_AUDIO_ERROR": Meaning("service", "the audio held nothing to recognise", "text", True),
    "NO_INPUT_AUDIO_ERROR": Meaning("service", "the service got no audio", "text", True),
    "Throttling": Meaning("account", "too many requests at once for this account: wait, or ask for a higher limit", "throttled", True),
    "Throttling.RateQuota": Meaning("account", "too many requests a second: wait, or ask for a higher limit", "throttled", True),
    "Throttling.BurstRate": Meaning("account", "the requests grew too fast for this account: wait", "throttled", True),
    "Throttling.AllocationQuota": Meaning("account", "this minute's quota is used up: wait, or ask for more", "throttled", True),
    "LimitRequests": Meaning("account", "too many requests for this account: wait, or ask for a higher limit", "throttled", True),
    "InternalError": Meaning("service", "the service failed inside", "server", True),
    "InternalError.Algo": Meaning("service", "the service's engine failed", "server", True),
    "InternalError.Timeout": Meaning("service", "the service's engine did not answer in time", "server", True),
    "InternalServerError": Meaning("service", "the service failed inside", "server", True),
    "SystemError": Meaning("service", "the service failed inside", "server", True),
    "ModelServiceFailed": Meaning("service", "the model's service failed", "server", True),
    "ModelServingError": Meaning("service", "the model is overloaded", "server", True),
    "ModelUnavailable": Meaning("service", "the model is not available now", "server", True),
    "RequestTimeOut": Meaning("service", "the service did not answer in time", "server", True),
    "ResponseTimeout": Meaning("service", "the service waited too long for us, or for its engine", "server", True),
}  # fmt: skip
"""From the pages' table of error codes: what a speech service or a model may say."""

SAYINGS: tuple[tuple[str, Meaning], ...] = (
    ("engine return error code: 418", Meaning("settings", "check that voice exists, and belongs to model", "voice")),
    ("engine return error code: 411", Meaning("settings", "the voice belongs to another family of models: check voice and model", "voice")),
    ("engine return error code: 431", Meaning("settings", "the cloned voice was made for another model: check voice and model", "voice")),
    ("engine return error code: 428", Meaning("settings", "the voice can not follow the instruction: check instruction", "settings")),
    ("voice is invalid", Meaning("settings", "the service wants a voice: check voice", "voice")),
    ("request timeout after 23 seconds", Meaning("service", "the task got nothing for 23 s", "server", True)),
    ("ensure input text is valid", Meaning("service", "the service can not speak this text", "text")),
    ("text request limit violated", Meaning("firstword", "a text with markup must be one message", "ours")),
    ("ssml text is not supported", Meaning("settings", "the voice can not read markup: check enable_ssml and voice", "settings")),
    ("missing required parameter", Meaning("firstword", "a message lacked something", "ours")),
    ("task can not be null", Meaning("firstword", "a message had no input", "ours")),
    ("rate limit", Meaning("account", "too many requests at once for this account: wait, or ask for a higher limit", "throttled", True)),
)  # fmt: skip
"""What a message says in spite of its code, which is InvalidParameter for most. Looked for in this order, without regard to case."""


def meaning(code: str, said: str = "") -> Meaning:
    """By what was said, else by the code, else by the code's beginning."""
    lower = said.lower()
    for words, what in SAYINGS:
        if words in lower:
            return what
    if code in MEANINGS:
        return MEANINGS[code]
    plain = code.replace("_", "").lower()
    for known, what in MEANINGS.items():  # the compatible mode writes invalid_api_key for InvalidApiKey
        if known.replace("_", "").lower() == plain:
            return what
    family = code.partition(".")[0]
    if family != code and family in MEANINGS:
        return MEANINGS[family]
    return Meaning("service", "the service failed", "server", True)


def task_failure(provider: str, code: str, said: str, secrets: tuple[str, ...] = ()) -> ProviderError:
    """The error for a ``task-failed`` message, or for an answer over HTTP that has a code."""
    what = meaning(code, said)
    quote = redact(said, secrets, limit=200)
    text = f"{what.text} ({quote})" if quote else what.text
    return ProviderError(
        text, provider=provider, code=redact(code, secrets, limit=CODE_CHARS), retry=what.retry, kind=what.kind
    )


def rows() -> Iterator[Row]:
    """The table for the documentation."""
    yield from (Row(code, "", what) for code, what in MEANINGS.items())
    yield from (Row("any", words, what) for words, what in SAYINGS)
