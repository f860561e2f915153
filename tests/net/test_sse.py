from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.net.sse import COMMENTS, SseEvent, SseReader


def read(stream: bytes, cuts: list[int] | None = None) -> list[SseEvent]:
    reader = SseReader()
    found: list[SseEvent] = []
    at = 0
    for cut in sorted({min(cut, len(stream)) for cut in cuts or []}):
        found += reader.feed(stream[at:cut])
        at = cut
    return found + reader.feed(stream[at:]) + reader.feed(b"", final=True)


def events(stream: bytes, cuts: list[int] | None = None) -> list[str]:
    return [event.data for event in read(stream, cuts)]


lines = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=12)


@given(st.lists(st.lists(lines, min_size=1, max_size=3), max_size=5), st.data())
def test_any_data_survives_any_chunking_comments_and_line_ends(payloads: list[list[str]], data: st.DataObject) -> None:
    stream = ""
    for payload in payloads:
        end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
        stream += f": comment{end}event: x{end}id{end}"
        for line in payload:
            space = (
                " " if line.startswith(" ") else data.draw(st.sampled_from(["", " "]))
            )  # one space is not the data's
            stream += f"data:{space}{line}{end}"
        stream += end
    raw = stream.encode()
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=8))
    assert events(raw, cuts) == ["\n".join(payload) for payload in payloads]


@pytest.mark.parametrize("cut", range(40))
def test_a_cr_lf_may_be_cut_anywhere(cut: int) -> None:
    stream = b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n"
    assert events(stream, [cut]) == ["a\nb", "c"]


def test_a_last_event_without_a_blank_line_counts_when_nothing_follows() -> None:
    assert events(b'data: {"a": 1}') == ['{"a": 1}']


def test_a_line_that_never_ends_is_refused() -> None:
    reader = SseReader()
    with pytest.raises(ValueError, match="too long"):
        for _ in range(20):
            reader.feed(b"x" * 100_000)


def test_an_event_that_never_ends_is_refused_too() -> None:
    reader = SseReader()
    with pytest.raises(ValueError, match="too long"):
        for _ in range(20):
            reader.feed(b"data: " + b"x" * 100_000 + b"\n")
    reader = SseReader()
    with pytest.raises(ValueError, match="too long"):
        for _ in range(20):
            reader.feed(b"data:\n" * 10_000)


@pytest.mark.parametrize("cut", range(60))
def test_an_event_has_its_name_and_its_comments_and_the_next_one_has_not(cut: int) -> None:
    stream = b"id:1\nevent:error\n:HTTP_STATUS/400\ndata:{}\n\ndata: b\n\n"
    assert read(stream, [cut]) == [SseEvent("{}", "error", ("HTTP_STATUS/400",)), SseEvent("b")]


def test_a_stream_that_only_breathes_grows_nothing() -> None:
    reader = SseReader()
    for _ in range(1000):
        assert reader.feed(b": ping\n") == []
    assert len(reader._comments) == COMMENTS
    assert reader.feed(b"\ndata: x\n\n") == [SseEvent("x")]
