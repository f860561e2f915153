from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from firstword.speech.backlog import Backlog


def sends(backlog: Backlog, frame: bytes, times: int) -> list[int]:
    """The sizes of the messages, in frames of 20 ms, that so many frames become."""
    sizes = []
    for _ in range(times):
        backlog.add(frame)
        if backlog.wants_sending():
            sizes.append(len(backlog.take(everything=False)) // 320)
            backlog.asked = False
    return sizes


def test_a_long_silence_is_sent_in_larger_messages_and_its_first_sound_at_once() -> None:
    loud, quiet = b"\x00\x10" * 160, bytes(320)
    backlog = Backlog(8000, 60, 5000)
    backlog.ready = True
    assert sends(backlog, loud, 9) == [3, 3, 3]
    assert sends(backlog, quiet, 10) == [2] + [1] * 8, "the end of the sound"
    assert sends(backlog, quiet, 39) == [3] * 13, "the recogniser still waits for the sentence's end"
    assert sends(backlog, quiet, 1) == []
    assert sends(backlog, quiet, 32) == [10, 10, 10], "nobody waits for it any more"
    assert sends(backlog, loud, 1) != [], "what waits goes, and the first word with it"
    assert sends(backlog, loud, 6) == [3, 3]


def test_the_beginning_of_a_sound_does_not_wait_for_a_whole_message_whatever_lay_before_it() -> None:
    loud, quiet = b"\x00\x10" * 160, bytes(320)
    for silence in range(11, 80):
        backlog = Backlog(8000, 60, 5000)
        backlog.ready = True
        sends(backlog, loud, 5)
        sends(backlog, quiet, silence)
        assert len(sends(backlog, loud, 1)) == 1, f"after {silence} frames of silence"


def test_the_end_of_a_sound_does_not_wait_for_a_whole_message() -> None:
    loud, quiet = b"\x00\x10" * 160, bytes(320)
    backlog = Backlog(8000, 200, 5000)
    backlog.ready = True
    assert sends(backlog, loud, 4) == []
    assert sends(backlog, quiet, 2) == [6], "the last word, and 40 ms"
    assert sends(backlog, quiet, 8) == [1] * 8, "what follows it, as it comes"
    assert sends(backlog, quiet, 9) == [], "and then in whole messages again"


@given(st.lists(st.one_of(st.integers(1, 1000), st.just(-1)), max_size=60))
def test_the_backlog_is_bounded_keeps_order_and_knows_where_it_lost_what(steps: list[int]) -> None:
    """A step feeds so many samples, each of which is its own number; or takes a message."""
    backlog = Backlog(8000, 60, 500)
    backlog.ready = True
    fed, sent = 0, b""
    for step in steps:
        if step < 0:
            sent += backlog.take(everything=False)
        else:
            backlog.add(b"".join(number.to_bytes(2, "big") for number in range(fed, fed + step)))
            fed += step
        assert backlog._held <= 8000
    while message := backlog.take(everything=True):
        sent += message
    numbers = [int.from_bytes(sent[at : at + 2], "big") for at in range(0, len(sent), 2)]
    assert numbers == sorted(set(numbers)) and (not fed or numbers[-1] == fed - 1)
    for ms in range(len(numbers) // 8):
        assert abs(backlog.fed_ms(ms) - numbers[ms * 8] / 8) <= 1


def test_of_more_at_once_than_it_may_hold_the_latest_stays() -> None:
    """A call that begins its recogniser anew says the last seconds again in one piece."""
    pcm = b"".join(number.to_bytes(2, "big") for number in range(5 * 8000))
    backlog = Backlog(8000, 60, 3000)
    assert not backlog.add(pcm)
    kept = b""
    while message := backlog.take(everything=True):
        kept += message
    assert kept == pcm[-48_000:]
    assert backlog.fed_ms(1000) == 3000


def test_what_it_knows_of_a_service_that_is_too_slow_for_an_hour_has_a_bound() -> None:
    frame = bytes(320)
    backlog = Backlog(8000, 60, 100)
    for _ in range(60 * 60 * 10):
        for _ in range(6):
            backlog.add(frame)
        backlog.take(everything=True)
    assert len(backlog._losses) <= 2000
    taken_ms = backlog._taken // 16
    assert backlog.fed_ms(taken_ms) == taken_ms + backlog._lost // 16, "where it is now is known"
    assert backlog.fed_ms(0) >= 0
