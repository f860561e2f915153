"""A call as one HTML file that needs nothing else: both waveforms over the marks of each turn, and the recording to play. Pure."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..call.record import MARKS

PEAKS_PER_SECOND = 50
"""One column of the waveform per 20 ms: a frame."""
PIXELS_PER_SECOND = 120

COLOURS = dict(zip(MARKS, ("#8b5cf6", "#0ea5e9", "#f59e0b", "#84cc16", "#14b8a6", "#ef4444"), strict=True))


def page(record: Mapping[str, Any], wav: bytes, caller: bytes, bot: bytes, rate: int, answered_ms: float) -> str:
    """The page of one call.

    Args:
        record: the call record, as written to the ``.jsonl``.
        wav: the stereo recording, caller left, bot right: embedded to be played.
        caller, bot: the same as 16-bit mono samples at `rate`, drawn.
        answered_ms: where in the recording the record's ``at_ms`` begin.
    """
    seconds = max(len(caller), len(bot)) / 2 / rate
    width = int(seconds * PIXELS_PER_SECOND) + 40
    turns = record["turns"]
    return _TEMPLATE.format(
        title=html.escape(f"Call {record['call'][:8]}, profile {record['profile']}"),
        summary=html.escape(_summary(record, seconds)),
        rows="".join(_row(turn) for turn in turns),
        heads="".join(f"<th>{name.replace('_', ' ')}</th>" for name in MARKS),
        width=width,
        waves=_wave(caller, rate, 70, "caller") + _wave(bot, rate, 190, "bot"),
        marks="".join(_marks(turn, answered_ms) for turn in turns),
        ruler=_ruler(int(seconds) + 1),
        legend="".join(
            f'<span><i style="background:{COLOURS[name]}"></i>{name.replace("_", " ")}</span>' for name in MARKS
        ),
        audio=base64.b64encode(wav).decode(),
        scale=PIXELS_PER_SECOND,
        answered_ms=round(answered_ms),
        record=html.escape(json.dumps(record, ensure_ascii=False, indent=1)),
    )


def _summary(record: Mapping[str, Any], seconds: float) -> str:
    providers = ", ".join(f"{kind} {name}" for kind, name in record["providers"].items())
    audio = record["audio"]
    return (
        f"{seconds:.1f} s, {len(record['turns'])} turns, ended by {record['ended_by']} ({record['result']}); {providers}; "
        f"{audio.get('underruns', 0)} underruns, {audio.get('late', 0)} late frames"
    )


def _row(turn: Mapping[str, Any]) -> str:
    cells = "".join(f"<td>{'' if turn['ms'][name] is None else round(turn['ms'][name])}</td>" for name in MARKS)
    cut = ' <em title="interrupted">✂</em>' if turn["interrupted"] else ""
    texts = "".join(
        f'<td class="text">{html.escape(turn[name])}{cut if name == "heard" else ""}</td>'
        for name in ("caller", "reply", "heard")
    )
    return f'<tr data-ms="{turn["at_ms"]}"><td>{turn["n"]}</td>{texts}{cells}</tr>'


def _wave(pcm: bytes, rate: int, middle: int, name: str) -> str:
    """One side's waveform as an SVG path: the peak of each 20 ms, mirrored."""
    column = rate // PEAKS_PER_SECOND
    samples = np.abs(np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int32))
    whole = samples[: len(samples) // column * column].reshape(-1, column)
    heights = np.maximum(whole.max(axis=1, initial=0) * (50 / 32768), 0.4) if len(whole) else np.zeros(0)
    step = PIXELS_PER_SECOND / PEAKS_PER_SECOND
    path = "".join(f"M{at * step:.1f} {middle - height:.1f}V{middle + height:.1f}" for at, height in enumerate(heights))
    return f'<path class="{name}" d="{path}"/><text x="4" y="{middle - 48}">{name}</text>'


def _marks(turn: Mapping[str, Any], answered_ms: float) -> str:
    """The moments of one turn as lines from the end of the caller's speech on."""
    zero = (answered_ms + turn["at_ms"]) / 1000 * PIXELS_PER_SECOND
    lines = [
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="20" y2="245" class="zero"/><text x="{zero + 3:.1f}" y="16">turn {turn["n"]}</text>'
    ]
    for name in MARKS:
        ms = turn["ms"][name]
        if ms is not None:
            x = zero + ms / 1000 * PIXELS_PER_SECOND
            title = f"{name.replace('_', ' ')} {ms:.0f} ms"
            lines.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="24" y2="245" stroke="{COLOURS[name]}"><title>{title}</title></line>'
            )
    return "".join(lines)


def _ruler(seconds: int) -> str:
    return "".join(f'<text x="{second * PIXELS_PER_SECOND}" y="262">{second} s</text>' for second in range(seconds + 1))


_TEMPLATE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
 body{{font:14px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;margin:24px;color:#111827;background:#fafafa}}
 h1{{font-size:20px;margin:0}} .scroll{{overflow-x:auto;background:#fff;border:1px solid #e5e7eb;border-radius:8px;margin:12px 0}}
 svg{{display:block}} svg text{{font-size:11px;fill:#6b7280}} path{{fill:none;stroke-width:1.6}}
 .caller{{stroke:#2563eb}} .bot{{stroke:#059669}} .zero{{stroke:#9ca3af;stroke-dasharray:3 3}} #cursor{{stroke:#111827;stroke-width:1.5}}
 table{{border-collapse:collapse;background:#fff}} th{{background:#f3f4f6;font-weight:600}}
 th,td{{border:1px solid #e5e7eb;padding:4px 8px;text-align:right;vertical-align:top}} td.text{{text-align:left;max-width:22em}}
 tr[data-ms]{{cursor:pointer}} tr[data-ms]:hover{{background:#eff6ff}}
 .legend span{{margin-right:14px}} .legend i{{display:inline-block;width:10px;height:10px;margin-right:4px}} audio{{width:100%}}
 pre{{background:#fff;border:1px solid #e5e7eb;padding:8px;overflow-x:auto}}
</style>
<h1>{title}</h1><p>{summary}</p>
<audio id="audio" controls src="data:audio/wav;base64,{audio}"></audio>
<div class="scroll" id="scroll"><svg id="line" width="{width}" height="270" role="img" aria-label="timeline">
{waves}{marks}{ruler}<line id="cursor" x1="0" x2="0" y1="0" y2="245"/></svg></div>
<p class="legend">Milliseconds after the caller's last speech: {legend}</p>
<table><tr><th>#</th><th>caller</th><th>reply</th><th>heard</th>{heads}</tr>{rows}</table>
<details><summary>call record</summary><pre>{record}</pre></details>
<script>
 const audio=document.getElementById('audio'),cursor=document.getElementById('cursor'),line=document.getElementById('line'),
       scroll=document.getElementById('scroll'),scale={scale};
 function draw(){{const x=audio.currentTime*scale;cursor.setAttribute('x1',x);cursor.setAttribute('x2',x);
   if(!audio.paused){{if(x<scroll.scrollLeft||x>scroll.scrollLeft+scroll.clientWidth*0.8)scroll.scrollLeft=x-scroll.clientWidth*0.2;
   requestAnimationFrame(draw);}}}}
 audio.addEventListener('play',draw);audio.addEventListener('seeked',draw);
 document.querySelectorAll('tr[data-ms]').forEach(row=>row.addEventListener('click',()=>{{
   audio.currentTime=Math.max(0,({answered_ms}+Number(row.dataset.ms))/1000-2);audio.play();}}));
 line.addEventListener('click',e=>{{audio.currentTime=(e.clientX-line.getBoundingClientRect().left)/scale;audio.play();}});
</script>
</html>
"""
