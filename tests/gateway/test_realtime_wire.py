"""What the realtime door reads, whatever a client writes."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from firstword.gateway.dashscope import realtime_wire as wire

MESSAGES = [
    json.dumps({"event_id": "event_1", "type": "session.update", "session": {"voice": "Cherry", "sample_rate": 8000}}),
    json.dumps({"event_id": "event_2", "type": "input_text_buffer.append", "text": "好😀"}),
    json.dumps({"event_id": "event_3", "type": "input_audio_buffer.append", "audio": "AAECAw=="}),
]


@given(st.sampled_from(MESSAGES), st.data())
def test_a_message_cut_or_changed_anywhere_is_read_or_an_error_of_the_clients(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    changed = text[:at] + data.draw(st.text('"{}[]:,x1\\\\ud', max_size=4)) + text[at + data.draw(st.integers(0, 4)) :]
    with contextlib.suppress(wire.RealtimeError):
        event = wire.read(changed)
        for part in (event.text, event.audio, event.session):
            with contextlib.suppress(wire.RealtimeError):
                part()
        json.dumps(event.body, ensure_ascii=False).encode()  # the journal and the answers may hold any of it
