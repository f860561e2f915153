"""The page of a call."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from firstword.audio import tone
from firstword.call.record import MARKS
from firstword.demo.page import COLOURS, PIXELS_PER_SECOND, page

RATE = 8000
CALLER = bytes(RATE * 2 * 2) + tone.speak("多少钱", RATE) + bytes(RATE * 2 * 9)
BOT = bytes(RATE * 2) + tone.speak("您好。", RATE) + bytes(RATE * 2 * 10)
WAV = b"RIFF the recording"
VOID = {"meta", "br", "link", "input", "img", "hr"}


def made(record: dict[str, Any], answered_ms: float = -20.0) -> str:
    return page(record, WAV, CALLER, BOT, RATE, answered_ms)


class Tags(HTMLParser):
    """Every tag is closed in its order; what is referred to; the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Closed at once."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    return tags


def test_it_is_whole_and_needs_nothing_from_outside(record: dict[str, Any]) -> None:
    tags = read(made(record))
    assert tags.addresses == ["data:audio/wav;base64," + base64.b64encode(WAV).decode()]
    assert "url(" not in made(record) and "import" not in made(record)


def test_what_people_said_is_text_and_never_markup(record: dict[str, Any]) -> None:
    record["turns"][1]["reply"] = "</script><script>alert(1)</script>"
    text = made(record)
    assert "<b>多少钱" not in text and text.count("</script>") == 1
    assert "<b>多少钱</b>" in read(text).text


def test_each_mark_stands_where_it_happened_in_the_recording(record: dict[str, Any]) -> None:
    lines = re.findall(
        r'<line x1="([\d.]+)" x2="([\d.]+)"[^>]*stroke="([^"]+)"[^>]*><title>turn 1: ([a-z ]+) after', made(record)
    )
    assert {name for *_, name in lines} == {mark.replace("_", " ") for mark in MARKS}
    for left, right, colour, name in lines:
        mark = name.replace(" ", "_")
        expected = (-20.0 + 3000.0 + record["turns"][0]["ms"][mark]) / 1000 * PIXELS_PER_SECOND
        assert float(left) == float(right) == pytest.approx(expected, abs=0.06)
        assert colour == COLOURS[mark]


def test_a_mark_that_did_not_happen_is_not_drawn(record: dict[str, Any]) -> None:
    assert re.findall(r"turn 3: ([a-z ]+) after", made(record)) == ["endpoint", "final", "first token", "first piece"]


def test_both_waves_show_the_sound_where_it_is(record: dict[str, Any]) -> None:
    text = made(record)
    for name, pcm in (("caller", CALLER), ("bot", BOT)):
        (path,) = re.findall(rf'<path class="wave {name}" d="([^"]+)"', text)
        columns = re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", path)
        heights = np.array([float(foot) - float(top) for _, top, foot in columns])
        samples = np.abs(np.frombuffer(pcm, "<i2").astype(int))
        loud = samples[: len(heights) * 160].reshape(-1, 160).max(axis=1) > 1000
        assert len(heights) == len(samples) // 160
        assert heights[loud].min() > 5 > 2 > heights[~loud].max()
        assert float(columns[50][0]) == PIXELS_PER_SECOND  # a column every 20 ms


def test_what_was_not_heard_of_a_reply_is_greyed_out(record: dict[str, Any]) -> None:
    text = made(record)
    assert '周末也送<span class="unheard">的，请放心。</span>' in text
    assert text.count('class="unheard"') == 1
    assert "✂" in text


def test_what_an_ear_understood_is_shown_beside_what_was_recorded(record: dict[str, Any]) -> None:
    assert "by ear" not in made(record)
    record["turns"][0]["ear"], record["turns"][1]["ear"] = record["turns"][0]["heard"], "周末"
    assert re.findall("by ear: ([^<]+)<", made(record)) == ["the same", "周末"]


def test_the_figures_on_top_are_those_of_the_record(record: dict[str, Any]) -> None:
    figures = dict(
        (name, value) for value, name in re.findall(r"<div><b>([^<]+)</b><span>([^<]+)</span>", made(record))
    )
    assert figures == {
        "first word, median": "860 ms",
        "turns": "3",
        "interruptions": "1",
        "length": f"{len(CALLER) / 2 / RATE:.1f} s",
        "underruns": "0",
        "late frames": "2",
        "ended by the bot": "completed",
    }


def test_a_call_in_which_nothing_was_said_has_a_page_too(record: dict[str, Any]) -> None:
    record |= {"turns": [], "phrases": [], "result": "error", "error": "the door is shut"}
    text = page(record, WAV, b"", b"", RATE, 0.0)
    assert "error: the door is shut" in read(text).text
