"""From the body of an HTTP answer to what the model is told of it. [pure]"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable

from .pointer import find

HIDDEN = "***"


def decoded(body: bytes, content_type: str, *, cut: bool) -> str:
    """The text of `body`, by the charset of its ``Content-Type``, else UTF-8. `cut`: more followed, so half a character at the end is
    left out."""
    found = re.search(r"charset=[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    for charset in (found[1] if found else "utf-8-sig", "utf-8-sig"):
        try:
            b" ".decode(charset, "replace")  # refuses what is unknown, and what is no charset, such as zlib
            return codecs.getincrementaldecoder(charset)("replace").decode(body, final=not cut)
        except (LookupError, ValueError):
            continue
    return ""


def part(text: str, pointer: str) -> str:
    """What stands at `pointer` in `text`, as text.

    Raises:
        LookupError: `text` is no JSON, or nothing stands there; the text says which.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LookupError("its answer is no JSON") from error
    try:
        found = find(value, pointer)
    except LookupError as error:
        raise LookupError(f"its answer has no {pointer}") from error
    try:
        return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    except RecursionError as error:
        raise LookupError("its answer is nested too deeply") from error


def without(secrets: Iterable[str], text: str, *, cut: bool) -> str:
    """`text` without any of `secrets`. `cut`: it may end in the middle of one, which goes too."""
    for secret in secrets:
        if len(secret) < 4:  # guards nothing, and would riddle ordinary words
            continue
        text = text.replace(secret, HIDDEN)
        begun = next((n for n in range(min(len(secret), len(text)), 3, -1) if cut and text.endswith(secret[:n])), 0)
        text = text[: len(text) - begun]
    return text


def shortened(text: str, most_bytes: int, *, cut: bool) -> str:
    """At most `most_bytes` of `text`, as UTF-8, and a word about it if that is not all. `cut`: `text` is not all of it already."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= most_bytes and not cut:
        return whole.decode()
    kept = whole[:most_bytes].decode("utf-8", "ignore")
    return f"{kept}… [cut here: these are the first {len(kept.encode())} bytes of a longer answer]"
