"""Some of the annotated callers, played as they are: one for each promise that only a voice at its own pace can show."""

from __future__ import annotations

import pytest

from firstword.bench import conversations, turns

STORIES = (
    "echo_01_120",
    "echo_04_interruption",
    "dictation_01_phone_asked",
    "dictation_05_code",
    "noise_03_coughs",
    "pauses_02_en_because",
    "correction_01_tomorrow",
    "yesno_01_dui",
)


@pytest.mark.timeout(90)
def test_echoes_dictated_numbers_coughs_pauses_and_corrections_are_heard_as_what_they_are() -> None:
    chosen = [one for one in conversations.read(conversations.find()) if one.name in STORIES]
    assert len(chosen) == len(STORIES)
    for result in turns.play(chosen, {"default": turns.DEFAULT}, len(chosen)):
        faults = [fault for fault in result.score.faults if "waited" not in fault]
        assert (result.failure, faults) == ("", []), result.task.conversation.name
