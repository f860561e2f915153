"""What a chat service's refusals mean to an operator, by its own code and by the HTTP status. [pure]

Sources: DashScope's page of error codes and published captures of its compatible mode; OpenAI's page of error codes for the names that
other servers took over.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...net.failures import Meaning, Row, kind_of_status, worth_retrying

STATUSES = {
    400: Meaning("settings", "the service did not accept the request: check model and its options", "settings"),
    401: Meaning("settings", "the service refused the key: check api_key and that it belongs to this region", "credentials"),
    402: Meaning("account", "the account has no credit", "quota"),
    403: Meaning("account", "the key has no right to this model", "credentials"),
    404: Meaning("settings", "there is no such model or address: check base_url and model", "settings"),
    413: Meaning("service", "the conversation is too long for the service: lower history-tokens", "text"),
    429: Meaning("account", "too many requests for this account", "throttled", True),
    500: Meaning("service", "the service failed", "server", True),
    502: Meaning("service", "the service failed", "server", True),
    503: Meaning("service", "the service is overloaded", "server", True),
    504: Meaning("service", "the service did not answer in time", "server", True),
}  # fmt: skip
"""By the HTTP status, where the code is not known."""

CODES = {
    "invalid_api_key": STATUSES[401],
    "InvalidApiKey": STATUSES[401],
    "access_denied": STATUSES[403],
    "AccessDenied": STATUSES[403],
    "Model.AccessDenied": STATUSES[403],
    "Arrearage": Meaning("account", "the account is in arrears or has no credit: pay in the console", "quota"),
    "insufficient_quota": Meaning("account", "the account has no credit", "quota"),
    "AllocationQuota.FreeTierOnly": Meaning("account", "the free quota of this model is used up: allow paid use in the console", "quota"),
    "AccessDenied.Unpurchased": Meaning("account", "the service was never activated: activate it in the console", "quota"),
    "limit_requests": STATUSES[429],
    "rate_limit_exceeded": STATUSES[429],
    "Throttling": STATUSES[429],
    "Throttling.RateQuota": Meaning("account", "too many requests a minute for this account and model", "throttled", True),
    "Throttling.BurstRate": Meaning("account", "the requests rose too fast for this account and model", "throttled", True),
    "Throttling.AllocationQuota": Meaning("account", "too many tokens a minute for this account and model", "throttled", True),
    "data_inspection_failed": Meaning("service", "the service's inspection refused what was asked or answered", "text"),
    "DataInspectionFailed": Meaning("service", "the service's inspection refused what was asked or answered", "text"),
    "context_length_exceeded": Meaning("settings", "the conversation is longer than the model reads: lower history-tokens", "text"),
    "model_not_found": Meaning("settings", "there is no such model, or this key may not use it: check model", "settings"),
    "ModelNotFound": Meaning("settings", "there is no such model, or this key may not use it: check model", "settings"),
    "InvalidParameter": STATUSES[400],
    "invalid_parameter_error": STATUSES[400],
    "RequestTimeOut": Meaning("service", "the service did not finish in its own time", "server", True),
    "InternalError": STATUSES[500],
    "internal_error": STATUSES[500],
    "server_error": STATUSES[500],
    "overloaded": STATUSES[503],
    "ModelServingError": STATUSES[503],
    "ModelUnavailable": STATUSES[503],
}  # fmt: skip
"""By the service's own code; they are compared without regard to case."""

_FOLDED = {code.lower(): what for code, what in CODES.items()}
_FAMILIES = (("throttling", STATUSES[429]), ("internal", STATUSES[500]), ("arrearage", CODES["Arrearage"]))


def meaning(code: str, status: int = 0) -> Meaning:
    """What a refusal means: by its code, by the family of its code (``Throttling.X``), by its HTTP status (0 inside a stream)."""
    folded = code.lower()
    if folded in _FOLDED:
        return _FOLDED[folded]
    for family, what in _FAMILIES:
        if folded.startswith(family):
            return what
    if status in STATUSES:
        return STATUSES[status]
    if not status:
        return Meaning("service", "the service failed", "server")
    return Meaning("service", "the service refused the request", kind_of_status(status), worth_retrying(status))


def rows() -> Iterator[Row]:
    """The table for the documentation."""
    yield from (Row(f"HTTP {status}", "", what) for status, what in STATUSES.items())
    yield from (Row(code, "", what) for code, what in CODES.items())
