"""Takes secrets out of texts that other machines wrote, before they reach a log, an error or a record. [pure]"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

CODE_CHARS = 100
"""The longest code of an error that is told: services' own are shorter."""

_LOOKS_SECRET = re.compile(
    r"\bsk-[A-Za-z0-9_\-]{6,}"  # API keys of OpenAI's and DashScope's form
    r"|LTAI[A-Za-z0-9]{8,}"  # Alibaba Cloud access key ids
    r"|(?i:bearer)\s+[A-Za-z0-9._\-~+/=]{6,}"
    r"|(?<=[Tt]oken ')[^']{6,}(?=')"  # NLS writes: The token 'xxx' has expired!
    r"|(?<=[?&]token=)[^&\s\"']+"
)


_BEGINNING = 6
"""So many characters of a secret, and it is one that was cut; fewer are any word."""
_CLOSING = "…)]}\"' ,."


def redact(text: str, secrets: Iterable[str] = (), limit: int = 300) -> str:
    """`text` as one line of at most `limit` characters, with every one of `secrets`, and whatever looks like a key, replaced by ``***``;
    also the beginning of one, where the text is cut."""
    text = " ".join(text.split())
    for secret in secrets:
        if len(secret) >= 4:  # a shorter one would riddle ordinary words, and guards nothing
            for written in {secret, quote(secret, safe=""), secret.replace("/", "\\/")}:  # as URLs and JSON have it
                text = text.replace(written, "***")
            text = _without_beginning(text, secret)
    text = _LOOKS_SECRET.sub("***", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _without_beginning(text: str, secret: str) -> str:
    """Who quotes may have cut in the middle of a secret, also ourselves, one who did not know it; after that only brackets close."""
    body = text.rstrip(_CLOSING)
    for size in range(min(len(secret) - 1, len(body)), _BEGINNING - 1, -1):
        if body.endswith(secret[:size]):
            return f"{body[:-size]}***{text[len(body) :]}"
    return text
