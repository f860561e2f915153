"""Faults as values: how they are written, when they strike."""

from __future__ import annotations

import pytest

from firstword.errors import ConfigError
from firstword.gateway.faults import Armed, Fault, Faults, parse

WRITTEN = {
    "tts:cut-events=5": ("tts", Fault("cut", events=5)),
    "tts:cut,events=5,times=1": ("tts", Fault("cut", events=5, times=1)),
    "tts:cut-bytes=8001": ("tts", Fault("cut", bytes=8001)),
    "asr:silent": ("asr", Fault("silent")),
    "llm:status=429,times=2": ("llm", Fault("status", 429, times=2)),
    "asr:failed=40000005": ("asr", Fault("failed", 40000005)),
    "nls:refused": ("nls", Fault("refused")),
    "llm:slow=300": ("llm", Fault("slow", 300)),
}


@pytest.mark.parametrize(("text", "expected"), WRITTEN.items())
def test_a_fault_on_the_command_line_reads_as_it_is_written(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tts", "begin with one of"),
        ("tss:cut", "begin with one of"),
        ("tts:cutt", "did you mean 'cut'"),
        ("tts:cut,event=5", "no part 'event'"),
        ("tts:cut-events=five", "whole numbers"),
        ("llm:status", "needs a value"),
        ("tts:cut,events=-1", "negative"),
    ],
)
def test_a_fault_that_can_not_be_read_is_named_with_what_would_be_right(text, says):
    with pytest.raises(ConfigError, match=says):
        parse(text)


def test_a_cut_by_events_lets_exactly_so_many_messages_pass():
    armed = Armed(Fault("cut", events=3))
    assert [armed.judge(100).act for _ in range(4)] == ["pass", "pass", "pass", "cut"]


def test_a_cut_by_bytes_falls_inside_the_message_that_crosses_the_mark():
    armed = Armed(Fault("cut", bytes=250))
    assert [armed.judge(100).act for _ in range(2)] == ["pass", "pass"]
    verdict = armed.judge(100)
    assert (verdict.act, verdict.keep) == ("cut", 50)


def test_only_one_message_is_malformed_and_silence_has_no_end():
    malformed, silent = Armed(Fault("malformed", events=1)), Armed(Fault("silent", events=1))
    assert [malformed.judge(1).act for _ in range(3)] == ["pass", "malformed", "pass"]
    assert not silent.mute
    assert [silent.judge(1).act for _ in range(3)] == ["pass", "silent", "silent"]
    assert silent.mute


def test_a_fault_with_times_strikes_the_first_connections_only():
    faults = Faults()
    faults.set("tts", Fault("refused", times=2))
    assert [faults.arm("tts").at_the_door() is not None for _ in range(4)] == [True, True, False, False]
    assert faults.arm("asr").fault is None


def test_a_fault_ends_with_its_block():
    faults = Faults()
    with faults.set("llm", Fault("status", 500)):
        assert faults.arm("llm").fault
    assert faults.arm("llm").fault is None


def test_an_unknown_service_is_refused():
    with pytest.raises(ConfigError, match="did you mean 'tts'"):
        Faults().set("ttss", Fault("cut"))
