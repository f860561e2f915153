"""What the switch's listeners are told of a call: the call record as the headers and the body of an event.

Headers are flat, for dashboards and rules; one whose value is not known is left out. The body is the same as JSON in UTF-8, for programs:
of ``firstword::call`` it is the line of the record file. Any thread may call; nothing raises, for who listens is no part of the call.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from ..host.api import Host
from .record import MARKS, CallRecord

log = logging.getLogger("firstword.call")


def turn_over(host: Host, record: CallRecord, number: int) -> None:
    """``CUSTOM firstword::turn``: turn `number` (from 1) is over, its reply has ended or was interrupted."""
    turn = record.turns[number - 1]
    known = turn.as_dict(number, record.answered_at)
    fields = {"profile": record.profile, "turn": number}
    fields |= {name: known[name] for name in ("at_ms", "caller", "reply", "heard", "interrupted", "barge_in_ms")}
    fields |= {f"{mark}_ms": known["ms"][mark] for mark in MARKS}
    _fire(host, "turn", fields, {"call": record.call, "profile": record.profile, **known})


def call_over(host: Host, record: CallRecord) -> None:
    """``CUSTOM firstword::call``: the call is over, or could not begin."""
    known = record.as_dict()
    names = ("profile", "started", "answered_ms", "lasted_ms", "result", "ended_by", "error")
    fields = {name: known[name] for name in names} | {
        "turns": len(record.turns),
        "first_word_ms": record.first_word_ms(),
    }
    _fire(host, "call", fields | record.audio | record.providers, known)


def _fire(host: Host, event: str, fields: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    try:
        host.fire(event, dict(_headers(fields)), json.dumps(body, ensure_ascii=False))
    except Exception:  # the door between a call and those who follow it
        log.exception("%s: the event firstword::%s could not be sent", host.uuid[:8], event)


def _headers(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """``first_word_ms`` becomes ``Firstword-First-Word-Ms``."""
    return [
        ("Firstword-" + name.replace("_", "-").title(), str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in fields.items()
        if value not in (None, "")
    ]
