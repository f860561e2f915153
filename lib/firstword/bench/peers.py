"""What others make of the same texts: a program of its own, run by the interpreter that has them.

``python peers.py NAME LANGUAGE < texts.json`` writes ``{"said": [...], "version": str, "load_ms": n, "memory_mb": n, "us_per_text": n}``,
or ``{"missing": why}``. Texts are JSON: a list of strings. Each is used as it is shipped, with all it has for the purpose switched on.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

Say = Callable[[str], str]


def wetext(language: str) -> Say:
    """WeTextProcessing's finite-state grammars."""
    import logging

    logging.disable(logging.CRITICAL)
    if language == "en":
        from tn.english.normalizer import Normalizer
    else:
        from tn.chinese.normalizer import Normalizer
    return Normalizer().normalize  # type: ignore[no-any-return]


def pipecat(language: str) -> Say:
    """Pipecat's bundle of text transforms for a voice, with all of them on; numbers above 2025 figure by figure, as it has it by itself."""
    import loguru

    loguru.logger.remove()
    from pipecat.utils.text.transforms import VoiceFormatter

    transform = VoiceFormatter(expand_numbers=True, number_digit_cutoff=2025)
    loop = asyncio.new_event_loop()
    return lambda text: loop.run_until_complete(transform(text, "sentence"))


def livekit(language: str) -> Say:
    """LiveKit's text transforms: Markdown and emoji."""
    from livekit.agents.voice.transcription import filters

    async def one(text: str) -> AsyncIterator[str]:
        yield text

    async def whole(text: str) -> str:
        return "".join([part async for part in filters.filter_emoji(filters.filter_markdown(one(text)))])

    loop = asyncio.new_event_loop()
    return lambda text: loop.run_until_complete(whole(text))


PEERS = {
    "WeTextProcessing": (wetext, "WeTextProcessing"),
    "Pipecat": (pipecat, "pipecat-ai"),
    "LiveKit": (livekit, "livekit-agents"),
}


def main(name: str, language: str) -> dict[str, Any]:
    make, package = PEERS[name]
    before, begun = _resident_mb(), time.perf_counter()
    try:
        version = importlib.metadata.version(package)
        say = make(language)
    except (ImportError, importlib.metadata.PackageNotFoundError) as error:
        return {"missing": f"not installed ({error})"}
    loaded, memory = (time.perf_counter() - begun) * 1000, _resident_mb() - before
    texts = json.load(sys.stdin)
    said, begun = [], time.perf_counter()
    for text in texts:
        try:
            said.append(say(text))
        except Exception as error:  # noqa: BLE001  # a failure is what they make of it
            said.append(f"<{type(error).__name__}>")
    us = (time.perf_counter() - begun) / max(len(texts), 1) * 1e6
    return {"said": said, "version": version, "load_ms": loaded, "memory_mb": memory, "us_per_text": us}


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    json.dump(main(*sys.argv[1:]), sys.stdout)
