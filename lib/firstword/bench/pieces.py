"""How soon the first piece of a reply goes to the synthesiser, and whether the others come in time. In simulated time.

Two hundred replies, in the manner of three models and of people on the telephone, are written token by token, read, cut into pieces and
synthesised at ``--real-time-factor``: what a second of audio takes. *after the first place*: how much the model had written when the first
piece went, after the first place between two words where anybody could cut; Chinese in characters, English in words. *after the first
clause*: the same after the first end of a clause. *dry*: for how long the caller heard nothing between two pieces.

Then what it costs on this machine: from a token to its pieces, and from a whole reply.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ..demo.reading import Speeds, Told, read
from ..demo.writing import tokens
from ..errors import ConfigError
from ..text.boundary import CLAUSE, NONE, Context
from ..text.reader import Reader
from ..text.reading import Reading
from ..text.segment import Segmenter
from .report import Row, duration, median, percentile, report

SEPARATOR = "\n%%\n"
PLACES = (
    Path(__file__).parents[3] / "tests" / "data" / "replies",
    Path(sys.prefix) / "share" / "firstword" / "replies",
)
"""In a checkout; where it is installed."""
_WORD = re.compile(r"[A-Za-z0-9']+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", type=Path, metavar="DIR", help="the replies (default: tests/data/replies)")
    parser.add_argument("--tokens-per-s", type=duration, default=20, metavar="N", help="of the model (default: 20)")
    parser.add_argument(
        "--first-packet-ms", type=float, default=150, metavar="MS", help="of the synthesis (default: 150)"
    )
    parser.add_argument(
        "--real-time-factor", type=float, default=0.3, metavar="X", help="of the synthesis (default: 0.3)"
    )


def run(args: argparse.Namespace) -> int:
    speeds = Speeds(args.tokens_per_s, args.first_packet_ms, args.real_time_factor)
    return report("pieces", measure(replies(args.set), speeds), args.json)


def replies(folder: Path | None = None) -> dict[str, list[str]]:
    """By whose manner they are in. Raises ConfigError: there are none."""
    folder = folder or next((place for place in PLACES if place.is_dir()), None)
    if folder is None or not list(folder.glob("*.txt")):
        raise ConfigError(
            f"there are no replies (*.txt) in {folder or ' or '.join(map(str, PLACES))}; name their folder with --set"
        )
    return {
        path.stem: path.read_text(encoding="utf-8").strip().split(SEPARATOR) for path in sorted(folder.glob("*.txt"))
    }


def measure(texts: dict[str, list[str]], speeds: Speeds) -> list[Row]:
    """The rows."""
    told = {
        text: read(text, Reading(language=_language(text)), speeds=speeds) for some in texts.values() for text in some
    }
    rows = [Row("replies", float(len(told)), "texts", goal=200, at_least=True)]
    rows.append(Row("manners", float(len(texts)), "models", goal=3, at_least=True))
    for language, unit, goal in (("zh", "chars", 6.0), ("en", "words", 4.0)):
        some = {text: one for text, one in told.items() if _language(text) == language}
        any_place = [after(text, one, NONE) for text, one in some.items()]
        clause = [after(text, one, CLAUSE - 1) for text, one in some.items()]
        name = {"zh": "Chinese", "en": "English"}[language]
        rows.append(Row(f"{name}: after the first place, median", median(any_place), unit, goal=goal))
        rows.append(Row(f"{name}: after the first place, p95", percentile(any_place, 95), unit))
        rows.append(Row(f"{name}: after the first clause, median", median(clause), unit, goal=goal))
        rows.append(Row(f"{name}: after the first clause, p95", percentile(clause, 95), unit))
    dry = [ms for one in told.values() for ms in one.dry_ms]
    rows.append(Row("later pieces", float(len(dry)), "pieces"))
    rows.append(Row("later pieces that left playout dry", float(sum(ms > 0 for ms in dry)), "pieces", goal=0))
    rows.append(Row("longest without speech between two", max(dry, default=0.0), "ms", goal=0))
    sizes = [len(piece.text) for one in told.values() for piece, _, _ in one.pieces[1:] if piece.speakable]
    rows.append(Row("a later piece, median", median(sizes), "chars"))
    return rows + costs([text for some in texts.values() for text in some])


def after(text: str, told: Told, least: int) -> float:
    """How much had been written when the first piece went, after the first place better than `least`: characters, or words of English."""
    first = next((at for at, (piece, _, _) in enumerate(told.pieces) if piece.speakable), None)
    if first is None:
        return 0.0
    begin = first_place(told, least)
    between = text[begin : told.written_chars[first]]
    return float(len(between) if _language(text) == "zh" else len(_WORD.findall(between)))


def first_place(told: Told, least: int) -> int:
    """How many characters of the text stand before it."""
    context, sources, speakable = Context(), 0, False
    for piece, _, _ in told.pieces:
        for atom in piece.atoms:
            if atom.text:
                if speakable and context.before(atom) > least:
                    return sources
                speakable = speakable or any(character.isalnum() for character in atom.text)
                if context.after(atom) > least and speakable:
                    return sources + atom.source
            sources += atom.source
    return sources


def costs(texts: Sequence[str], times: int = 3) -> list[Row]:
    """CPU time of reading and cutting, the best of `times`."""
    parts = [tokens(text) for text in texts]
    best, pieces = float("inf"), 0
    for _ in range(times):
        began, pieces = time.thread_time(), 0
        for one in parts:
            reader, segmenter = Reader(Reading()), Segmenter()
            for token in one:
                pieces += len(segmenter.feed(reader.feed(token), 1000))
            pieces += len(segmenter.feed(reader.finish(), 1000) + segmenter.finish())
        best = min(best, time.thread_time() - began)
    whole = "".join(texts) * (1 + 100_000 // sum(map(len, texts)))
    began = time.thread_time()
    reader, segmenter = Reader(Reading()), Segmenter()
    segmenter.feed(reader.feed(whole[:100_000]) + reader.finish(), 1000)
    large = time.thread_time() - began
    return [
        Row("a token: CPU", best / sum(map(len, parts)) * 1e6, "us", goal=20),
        Row("a piece: CPU", best / pieces * 1e6, "us", goal=1000),
        Row("a reply of 100,000 characters at once: CPU a character", large / 100_000 * 1e6, "us"),
    ]


def _language(text: str) -> str:
    chinese = len(_CHINESE.findall(text))
    return "zh" if chinese >= len(_WORD.findall(text)) else "en"
