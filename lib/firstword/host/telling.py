"""A call as an operator sees it: a line of it, its turns, how loud it is; and the two things he can do to it. Text in, text out.

Each command gets the call, the rest of the line, and the clock's `now`. Any thread: the record is being written meanwhile, so every look at
it is a copy or one value.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..audio.lately import Level
from ..call.call import Call
from ..call.record import MARKS, TurnRecord
from ..errors import ConfigError
from ..events import HangUpAsked, SpeechAsked

CALLS = f"{'call':<36}  {'profile':<12} {'state':<9} {'turn':>4}  {'first word, ms':<16} {'underruns':>9}  {'for':>7}\n"
LEVELS = f"{'call':<36}  {'':<6} {'rms':>6} {'peak':>6}  dBFS of the last second\n"


def line(call: Call, rest: str, now: float) -> str:
    """``calls``: under `CALLS`."""
    record = call.record
    turns = tuple(record.turns)
    last = next((ms for turn in reversed(turns) if (ms := turn.ms()["first_word"]) is not None), None)
    words = f"{_ms(last)}, median {_ms(record.first_word_ms())}" if last is not None else "-"
    audio = call.line
    underruns = audio.counters.underruns if audio is not None else 0
    return (
        f"{call.host.uuid:<36}  {record.profile:<12} {call.turn.state.name.lower():<9} {len(turns):>4}  {words:<16} {underruns:>9}  "
        f"{_lasting(now - record.answered_at) if record.answered_at else '-':>7}\n"
    )


def whole(call: Call, rest: str, now: float) -> str:
    """``call``: its line, and what was said."""
    said = sorted((*call.record.turns, *call.record.phrases), key=lambda turn: turn.last_speech)
    numbers = {id(turn): number for number, turn in enumerate(tuple(call.record.turns), 1)}
    return CALLS + line(call, rest, now) + "".join(_exchange(turn, numbers.get(id(turn)), call) for turn in said)


def levels(call: Call, rest: str, now: float) -> str:
    """``levels``: under `LEVELS`."""
    audio = call.line
    if audio is None:
        return f"{call.host.uuid:<36}  no audio yet\n"
    caller, bot = audio.levels()
    ears = audio.ears
    heard = "speaking" if ears.talking else f"{ears.speech_ms / 1000:.1f} s of speech so far"
    return f"{call.host.uuid:<36}  caller {_level(caller)}, {heard}\n{'':<36}  bot    {_level(bot)}\n"


def say(call: Call, rest: str, now: float) -> str:
    """``say``."""
    if not rest.strip():
        raise ConfigError("say takes UUID TEXT")
    return _posted(call.post(SpeechAsked(rest.strip())))


def hang_up(call: Call, rest: str, now: float) -> str:
    """``hangup``."""
    return _posted(call.post(HangUpAsked()))


COMMANDS: dict[str, Callable[[Call, str, float], str]] = {
    "calls": line,
    "call": whole,
    "levels": levels,
    "say": say,
    "hangup": hang_up,
}


def _exchange(turn: TurnRecord, number: int | None, call: Call) -> str:
    at = _lasting(turn.last_speech - call.record.answered_at)
    if number is None:
        return f"{'':>4} {at:>7}  bot     {turn.heard or turn.reply}\n"
    lines = [f"{number:>4} {at:>7}  caller  {turn.caller}"]
    if turn.reply:
        lines.append(f"{'':>12}  reply   {turn.reply}")
    if turn.interrupted:
        after = f" after {turn.barge_in_ms:.0f} ms of his voice" if turn.barge_in_ms is not None else ""
        lines.append(f"{'':>12}  heard   {turn.heard or '(nothing)'}  -- interrupted{after}")
    lines.append(
        f"{'':>12}  ms      " + ", ".join(f"{mark.replace('_', ' ')} {_ms(turn.ms()[mark])}" for mark in MARKS)
    )
    return "\n".join(lines) + "\n"


def _level(level: Level) -> str:
    if level.age_s is None:
        return f"{'-':>6} {'-':>6}  nothing has come"
    old = f", nothing for {level.age_s:.1f} s" if level.age_s > 0.5 else ""
    clipped = f" ({level.clipped:.1%} of the samples at the top)" if level.verdict == "clipping" else ""
    return f"{_db(level.rms_dbfs)} {_db(level.peak_dbfs)}  {level.verdict}{clipped}{old}"


def _db(value: float) -> str:
    return f"{value:6.1f}" if math.isfinite(value) else f"{'-inf':>6}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _lasting(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes}:{rest:02}"


def _posted(taken: bool) -> str:
    return "+OK\n" if taken else "-ERR the call is over\n"
