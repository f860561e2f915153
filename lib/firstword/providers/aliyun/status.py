"""What an NLS status code, or a refusal of CreateToken, means to an operator: whose fault, what to do, whether to try again. [pure]"""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import ProviderError
from ...net.failures import Meaning, Row
from ...net.redact import redact

MEANINGS = {
    40000000: Meaning("firstword", "the service did not accept the request", "ours"),
    40000001: Meaning("settings", "the service refused the token: check appkey, access key and the machine's clock", "credentials", True),
    40000002: Meaning("firstword", "the service did not understand a message", "ours"),
    40000003: Meaning("settings", "a setting is not accepted: check appkey and voice", "settings"),
    40000004: Meaning("service", "the session was idle for too long", "server", True),
    40000005: Meaning("account", "too many requests at once for this account: wait, or buy more concurrency", "throttled", True),
    40000009: Meaning("firstword", "the audio is not what was announced", "ours"),
    40000010: Meaning("account", "the free trial has expired: activate the service in the console", "quota"),
    40010001: Meaning("firstword", "the service does not know this namespace", "ours"),
    40010002: Meaning("firstword", "the service does not support this directive", "ours"),
    40010003: Meaning("settings", "the service refused a parameter", "settings"),
    40010004: Meaning("service", "the service saw the connection end", "network", True),
    40010005: Meaning("firstword", "a message came in the wrong state", "ours"),
    40020105: Meaning("settings", "the appkey does not exist: check appkey", "credentials"),
    40020106: Meaning("settings", "appkey and access key belong to different accounts", "credentials"),
    40020503: Meaning("account", "the access key has no right to speech services: grant AliyunNLSFullAccess to its user", "credentials"),
    40270002: Meaning("service", "the audio held no speech", "text", True),
    40270003: Meaning("service", "the audio could not be decoded", "text", True),
    41010100: Meaning("settings", "the audio format is not supported", "settings"),
    41010101: Meaning("settings", "the sample rate does not fit the model of the appkey's project: check sample_rate", "settings"),
    41010104: Meaning("service", "the speech is too long", "text", True),
    41020001: Meaning("settings", "the service can not speak this: check voice (and that this appkey may use it)", "text"),
    41040201: Meaning("service", "the service got no audio for too long", "network", True),
    43040001: Meaning("account", "too many sessions at once for this account: wait, or buy more concurrency", "throttled", True),
    50000000: Meaning("service", "the service failed", "server", True),
    50000001: Meaning("service", "the service failed inside", "server", True),
    50020003: Meaning("service", "the service has no route for this", "server", True),
    51020001: Meaning("service", "the service's synthesis is exhausted", "server", True),
    52010001: Meaning("service", "the service failed inside", "server", True),
}  # fmt: skip
"""From the pages' tables and the C++ SDK's nlsGlobal.h."""

TEXTS: tuple[tuple[int, str, Meaning], ...] = (
    (40000000, "text is empty", Meaning("firstword", "there was nothing to speak", "text")),
    (40000000, "Client disconnected", Meaning("service", "the service saw the connection end", "network", True)),
    (40000001, "privilege to this voice", Meaning("settings", "the account has no right to this voice: buy it, or another voice", "voice")),
    (40000003, "Invalid voice name", Meaning("settings", "the service has no such voice: check voice", "voice")),
    (40000003, "appkey", Meaning("settings", "the service refused the appkey: check appkey", "credentials")),
    (41020001, "418", Meaning("settings", "the service has no such voice, or not for this appkey: check voice", "voice")),
    (41020001, "413", Meaning("settings", "the service can not read the SSML", "text")),
    (41020001, "Illegal ssml", Meaning("settings", "the service can not read the SSML", "text")),
    (41020001, "424", Meaning("settings", "the background music of the SSML is refused", "text")),
    (50000000, "Instance pool exhausted", Meaning("service", "the service failed: it has no instance free", "server", True)),
)  # fmt: skip
"""Where one code means several things: the words that tell which. The first that fits."""

DENIALS = {
    "SignatureDoesNotMatch": Meaning("settings", "access_key_secret does not belong to access_key_id", "credentials"),
    "InvalidAccessKeyId.NotFound": Meaning("settings", "access_key_id does not exist", "credentials"),
    "InvalidAccessKeyId.Inactive": Meaning("account", "the access key is switched off", "credentials"),
    "InvalidTimeStamp.Expired": Meaning("settings", "this machine's clock is wrong", "settings"),
    "Throttling.User": Meaning("account", "too many tokens were asked for by this account", "throttled", True),
    "40020503": MEANINGS[40020503],
}
"""What CreateToken says instead of a token: the RPC gateway's own codes, and the one of NLS."""


def meaning(status: int, said: str = "") -> Meaning:
    """By the service's words where they tell more, by the table, else by the first digit: 4 is a request that will not get better, 5 a
    service that may."""
    for code, words, what in TEXTS:
        if code == status and words.lower() in said.lower():
            return what
    if status in MEANINGS:
        return MEANINGS[status]
    if 50000000 <= status < 60000000:
        return Meaning("service", "the service failed", "server", True)
    return Meaning("settings", "the service refused the request", "settings")


def denial(code: str, said: str, status_retry: bool = False) -> Meaning:
    """What a refusal of CreateToken means; `status_retry`: whether its HTTP status alone is worth another try."""
    if code in DENIALS:
        return DENIALS[code]
    if code.startswith("Throttling") or "flow control" in said:
        return Meaning("account", "the access key gets no token", "throttled", True)
    if status_retry or not code:
        return Meaning("service", "the access key gets no token", "server", status_retry)
    return Meaning("settings", "the access key gets no token", "credentials")


def task_failure(provider: str, status: int, said: str, secrets: tuple[str, ...] = ()) -> ProviderError:
    """The error for a TaskFailed message."""
    what = meaning(status, said)
    quote = redact(said, secrets, limit=200)
    text = f"{what.text} ({quote})" if quote else what.text
    return ProviderError(text, provider=provider, code=str(status or ""), retry=what.retry, kind=what.kind)


def rows() -> Iterator[Row]:
    """The table for the documentation."""
    for status, what in MEANINGS.items():
        yield Row(str(status), "", what)
        yield from (Row(str(code), words, more) for code, words, more in TEXTS if code == status)
    yield from (
        Row(f"CreateToken {code}", "", what) for code, what in DENIALS.items() if code not in map(str, MEANINGS)
    )
