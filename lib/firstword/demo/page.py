"""A call as one HTML file that needs nothing else: both waveforms over the marks of each turn, and the recording to play. Pure."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from ..call.record import MARKS

PEAKS_PER_SECOND = 50
"""One column of the waveform per 20 ms: a frame."""
PIXELS_PER_SECOND = 110
LEAD_S = 3.0
"""A click on a turn plays from so long before the caller fell silent."""

COLOURS = dict(zip(MARKS, ("#8b5cf6", "#0ea5e9", "#f59e0b", "#84cc16", "#14b8a6", "#ef4444"), strict=True))

# The timeline from top to bottom, in pixels.
CALLER_WORDS, CALLER_WAVE, BAND_TOP, BAND_FOOT, BOT_WAVE, BOT_WORDS, FOOT, HEIGHT = 22, 96, 142, 182, 228, 272, 312, 330
WAVE_HEIGHT = 38
"""Of half a waveform at full scale."""
QUIET = 0.45
"""Speech on a telephone seldom exceeds this share of full scale; what does is cut off in the drawing."""

_TEMPLATE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))


def page(record: Mapping[str, Any], wav: bytes, caller: bytes, bot: bytes, rate: int, answered_ms: float) -> str:
    """The page of one call.

    Args:
        record: the call record, as written to the ``.jsonl``. A turn or a phrase may also have ``ear``: what was
            understood at the caller's end.
        wav: the stereo recording, caller left, bot right: embedded to be played.
        caller, bot: the same as 16-bit mono samples at `rate`, drawn.
        answered_ms: where in the recording the record's ``at_ms`` begin.
    """
    seconds = max(len(caller), len(bot)) / 2 / rate
    turns = record["turns"]
    return _TEMPLATE.substitute(
        title=_text(f"A call with profile {record['profile']}"),
        subtitle=_text(_subtitle(record)),
        figures="".join(
            f"<div><b>{_text(value)}</b><span>{_text(name)}</span></div>" for name, value in _figures(record, seconds)
        ),
        audio=base64.b64encode(wav).decode(),
        width=round(seconds * PIXELS_PER_SECOND) + 40,
        height=HEIGHT,
        foot=FOOT,
        timeline=_timeline(record, caller, bot, rate, seconds, answered_ms),
        legend="".join(f'<span><i style="background:{COLOURS[name]}"></i>{_words(name)}</span>' for name in MARKS),
        heads="".join(f"<th>{_words(name)}</th>" for name in MARKS),
        turns="".join(_turn(turn, answered_ms) for turn in turns),
        phrases=_phrases(record["phrases"], answered_ms),
        record=_text(json.dumps(record, ensure_ascii=False, indent=1)),
        scale=PIXELS_PER_SECOND,
    )


def _subtitle(record: Mapping[str, Any]) -> str:
    providers = ", ".join(f"{kind}: {name}" for kind, name in record["providers"].items())
    return f"{record['started'].replace('T', ' ')[:19]}, call {record['call']}; {providers}"


def _figures(record: Mapping[str, Any], seconds: float) -> list[tuple[str, str]]:
    first_words = [ms for turn in record["turns"] if (ms := turn["ms"]["first_word"]) is not None]
    audio = record["audio"]
    result = record["result"] + (f": {record['error']}" if record["error"] else "")
    return [
        ("first word, median", f"{np.median(first_words):.0f} ms" if first_words else "none"),
        ("turns", str(len(record["turns"]))),
        ("interruptions", str(sum(turn["interrupted"] for turn in record["turns"]))),
        ("length", f"{seconds:.1f} s"),
        ("underruns", str(audio.get("underruns", 0))),
        ("late frames", str(audio.get("late", 0))),
        (f"ended by the {record['ended_by']}", result),
    ]


# -- the timeline ----------------------------------------------------------------------------------------------------


def _timeline(
    record: Mapping[str, Any], caller: bytes, bot: bytes, rate: int, seconds: float, answered_ms: float
) -> str:
    def x(at_ms: float) -> float:
        return (answered_ms + at_ms) / 1000 * PIXELS_PER_SECOND

    right = seconds * PIXELS_PER_SECOND
    starts = _starts(record)
    drawn = [_ruler(int(seconds) + 1), _waits(record["turns"], x)]
    drawn += [_wave(caller, rate, CALLER_WAVE, "caller"), _wave(bot, rate, BOT_WAVE, "bot")]
    drawn += [_marks(turn, x) for turn in record["turns"]]
    before = 0.0
    for turn in record["turns"]:
        end = x(turn["at_ms"])
        drawn.append(_caption(turn["caller"], max(before, end - 330), end - 4, CALLER_WORDS, "caller"))
        before = end
    for number, (at_ms, text) in enumerate(starts):
        until = x(starts[number + 1][0]) if number + 1 < len(starts) else right
        drawn.append(_caption(text, x(at_ms), min(until - 6, x(at_ms) + 480), BOT_WORDS, "bot"))
    return "\n".join(drawn)


def _starts(record: Mapping[str, Any]) -> list[tuple[float, str]]:
    """When each thing the bot said became audible, in the record's milliseconds, with its heard text."""
    spoken = [(turn["at_ms"], turn["ms"]["first_word"], turn) for turn in record["turns"]]
    spoken += [(phrase["at_ms"], phrase["first_word_ms"], phrase) for phrase in record["phrases"]]
    return sorted(
        (at + first, entry["heard"] + ("…" if entry["interrupted"] else ""))
        for at, first, entry in spoken
        if first is not None
    )


def _wave(pcm: bytes, rate: int, middle: int, name: str) -> str:
    """One side's waveform as an SVG path: the peak of each 20 ms, mirrored."""
    column = rate // PEAKS_PER_SECOND
    samples = np.abs(np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int32))
    whole = samples[: len(samples) // column * column].reshape(-1, column)
    peaks = whole.max(axis=1, initial=0) / 32768 / QUIET
    heights = np.clip(peaks, 0.012, 1.0) * WAVE_HEIGHT
    step = PIXELS_PER_SECOND / PEAKS_PER_SECOND
    path = "".join(f"M{at * step:.1f} {middle - height:.1f}V{middle + height:.1f}" for at, height in enumerate(heights))
    label_y = middle - WAVE_HEIGHT + 2
    return f'<path class="wave {name}" d="{path}"/><text x="6" y="{label_y}">{name}</text>'


def _waits(turns: Sequence[Mapping[str, Any]], x: Any) -> str:
    """From the caller's last speech to the first word: what the caller waited."""
    bands = []
    for turn in turns:
        first = turn["ms"]["first_word"]
        if first is not None:
            begin, end = x(turn["at_ms"]), x(turn["at_ms"] + first)
            bands.append(
                f'<rect class="wait" x="{begin:.1f}" y="{BAND_TOP}" width="{end - begin:.1f}" height="{BAND_FOOT - BAND_TOP}"/>'
            )
    return "".join(bands)


def _marks(turn: Mapping[str, Any], x: Any) -> str:
    """The moments of one turn as lines in the band between the waves, each a little shorter than the one before, so that two at one place
    both show; the first word's reaches down to what it began."""
    zero = x(turn["at_ms"])
    lines = [
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="{CALLER_WORDS}" y2="{BAND_FOOT}" class="zero"/>'
        f'<text class="turn" x="{zero + 4:.1f}" y="14">turn {turn["n"]}</text>'
    ]
    for number, name in enumerate(MARKS):
        ms = turn["ms"][name]
        if ms is None:
            continue
        at = x(turn["at_ms"] + ms)
        last = name == MARKS[-1]
        foot = BOT_WORDS if last else BAND_FOOT
        title = f"<title>turn {turn['n']}: {_words(name)} after {ms:.0f} ms</title>"
        top = BAND_TOP + 4 * number
        lines.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{foot}" stroke="{COLOURS[name]}" stroke-width="2">{title}</line>'
        )
        if last:
            lines.append(f'<text x="{at + 4:.1f}" y="{BAND_TOP + 12}" style="fill:{COLOURS[name]}">{ms:.0f} ms</text>')
    return "".join(lines)


def _caption(text: str, left: float, right: float, top: int, name: str) -> str:
    if not text or right - left < 12:
        return ""
    place = f'x="{left:.1f}" y="{top}" width="{right - left:.1f}" height="36"'
    words = (
        f'<div xmlns="http://www.w3.org/1999/xhtml" class="words of-{name}" title="{_text(text)}">{_text(text)}</div>'
    )
    return f"<foreignObject {place}>{words}</foreignObject>"


def _ruler(seconds: int) -> str:
    lines = []
    for second in range(seconds + 1):
        at = second * PIXELS_PER_SECOND
        lines.append(
            f'<line class="axis" x1="{at}" x2="{at}" y1="{CALLER_WORDS}" y2="{FOOT}"/><text x="{at + 3}" y="{HEIGHT - 5}">{second} s</text>'
        )
    return "".join(lines)


# -- the tables ------------------------------------------------------------------------------------------------------


def _turn(turn: Mapping[str, Any], answered_ms: float) -> str:
    cells = "".join(
        f"<td{' class=first' if name == MARKS[-1] else ''}>{'' if turn['ms'][name] is None else round(turn['ms'][name])}</td>"
        for name in MARKS
    )
    return (
        f'<tr data-at="{_second(turn, answered_ms) - LEAD_S:.2f}"><td>{turn["n"]}</td><td class="text">{_text(turn["caller"])}</td>'
        f'<td class="text">{_answered(turn["reply"], turn["heard"])}</td><td class="text">{_heard(turn)}</td>{cells}</tr>'
    )


def _phrases(phrases: Sequence[Mapping[str, Any]], answered_ms: float) -> str:
    if not phrases:
        return ""
    rows = "".join(
        f'<tr data-at="{_second(phrase, answered_ms):.2f}"><td>{max(0.0, _second(phrase, answered_ms)):.1f} s</td>'
        f'<td class="text">{_answered(phrase["text"], phrase["heard"])}</td><td class="text">{_heard(phrase)}</td>'
        f'<td class="first">{"" if phrase["first_word_ms"] is None else round(phrase["first_word_ms"])}</td></tr>'
        for phrase in phrases
    )
    return (
        "<h2>What the bot said on its own account</h2>"
        '<div class="card table"><table><thead><tr><th>at</th><th class="text">said</th><th class="text">heard</th>'
        f"<th>first word, ms</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _answered(reply: str, heard: str) -> str:
    """The reply, with what the caller did not get to hear greyed out."""
    if not reply.startswith(heard) or reply == heard:
        return _text(reply)
    return f'{_text(heard)}<span class="unheard">{_text(reply[len(heard) :])}</span>'


def _heard(entry: Mapping[str, Any]) -> str:
    shown = _text(entry["heard"])
    if entry["interrupted"]:
        shown += ' <span class="cut">✂ interrupted</span>'
    if "ear" in entry:
        shown += f'<div class="note">by ear: {_text("the same" if entry["ear"] == entry["heard"] else entry["ear"] or "nothing")}</div>'
    return shown


def _second(entry: Mapping[str, Any], answered_ms: float) -> float:
    return (answered_ms + float(entry["at_ms"])) / 1000


def _words(mark: str) -> str:
    return mark.replace("_", " ")


def _text(value: str) -> str:
    return html.escape(value)
