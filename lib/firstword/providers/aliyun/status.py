"""What an NLS status code means to an operator: what to do, and whether to try again. [pure]"""

from __future__ import annotations

from typing import NamedTuple

from ...errors import ProviderError
from ...net.redact import redact


class Meaning(NamedTuple):
    """`whose`: ``settings`` (the operator's), ``account`` (Alibaba Cloud's console), ``service``, or ``firstword`` (a fault of ours)."""

    whose: str
    text: str
    retry: bool = False


MEANINGS = {
    40000000: Meaning("firstword", "the service did not accept the request"),
    40000001: Meaning("settings", "the service refused the token, or its right to this voice: check key, token and voice", True),
    40000002: Meaning("firstword", "the service did not understand a message"),
    40000003: Meaning("settings", "a setting is not accepted: check appkey and voice"),
    40000004: Meaning("service", "the session was idle for too long", True),
    40000005: Meaning("account", "too many requests at once for this account: wait, or buy more concurrency", True),
    40000009: Meaning("firstword", "the audio is not what was announced"),
    40000010: Meaning("account", "the free trial has expired: activate the service in the console"),
    40010001: Meaning("firstword", "the service does not know this namespace"),
    40010002: Meaning("firstword", "the service does not support this directive"),
    40010003: Meaning("settings", "the service refused a parameter"),
    40010004: Meaning("service", "the service saw the connection end", True),
    40010005: Meaning("firstword", "a message came in the wrong state"),
    40020105: Meaning("settings", "the appkey does not exist: check appkey"),
    40020106: Meaning("settings", "appkey and access key belong to different accounts"),
    40020503: Meaning("account", "the access key has no right to speech services: grant AliyunNLSFullAccess to its user"),
    40270002: Meaning("service", "the audio held no speech", True),
    40270003: Meaning("service", "the audio could not be decoded", True),
    41010100: Meaning("settings", "the audio format is not supported"),
    41010101: Meaning("settings", "the sample rate does not fit the appkey's project: check sample_rate and the project's model"),
    41010104: Meaning("service", "the speech is too long", True),
    41020001: Meaning("settings", "the service can not speak this: check voice (and that this appkey may use it)"),
    41040201: Meaning("service", "the service got no audio for too long", True),
    43040001: Meaning("account", "too many sessions at once for this account: wait, or buy more concurrency", True),
    50000000: Meaning("service", "the service failed", True),
    50000001: Meaning("service", "the service failed inside", True),
    50020003: Meaning("service", "the service has no route for this", True),
    51020001: Meaning("service", "the service's synthesis is exhausted", True),
    52010001: Meaning("service", "the service failed inside", True),
}  # fmt: skip
"""From the pages' tables and the C++ SDK's nlsGlobal.h."""


def meaning(status: int) -> Meaning:
    """By the table, else by the first digit: 4 is a request that will not get better, 5 a service that may."""
    if status in MEANINGS:
        return MEANINGS[status]
    if 50000000 <= status < 60000000:
        return Meaning("service", "the service failed", True)
    return Meaning("settings", "the service refused the request")


def task_failure(provider: str, status: int, said: str, secrets: tuple[str, ...] = ()) -> ProviderError:
    """The error for a TaskFailed message."""
    what = meaning(status)
    quote = redact(said, secrets, limit=200)
    text = f"{what.text} ({quote})" if quote else what.text
    return ProviderError(text, provider=provider, code=str(status or ""), retry=what.retry)
