"""Takes secrets out of texts that other machines wrote, before they reach a log, an error or a record. [pure]"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LOOKS_SECRET = re.compile(
    r"\bsk-[A-Za-z0-9_\-]{6,}"  # API keys of OpenAI's and DashScope's form
    r"|LTAI[A-Za-z0-9]{8,}"  # Alibaba Cloud access key ids
    r"|(?i:bearer)\s+[A-Za-z0-9._\-~+/=]{6,}"
    r"|(?<=[Tt]oken ')[^']{6,}(?=')"  # NLS writes: The token 'xxx' has expired!
    r"|(?<=[?&]token=)[^&\s\"']+"
)


def redact(text: str, secrets: Iterable[str] = (), limit: int = 300) -> str:
    """`text` as one line of at most `limit` characters, with every one of `secrets`, and whatever looks like a key, replaced by ``***``."""
    text = " ".join(text.split())
    for secret in secrets:
        if len(secret) >= 4:  # a shorter one would riddle ordinary words, and guards nothing
            text = text.replace(secret, "***")
    text = _LOOKS_SECRET.sub("***", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"
