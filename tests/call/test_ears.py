"""The caller's words across recognisers."""

from __future__ import annotations

from mock import Mock

from firstword.call.ears import Listening
from firstword.errors import ProviderError
from firstword.events import CallerHeard, CallerPartlyHeard, RecogniserFailed
from firstword.speech.asr import Transcript
from firstword.speech.unfinished import KEPT_MS

MS = b"\1\0" * 8  # a millisecond of 8 kHz


def listening() -> tuple[Listening, list[Mock], Mock]:
    """A call's ears with recognisers that only remember what they were fed."""
    made: list[Mock] = []
    recogniser, post = Mock(rate=8000), Mock()
    recogniser.start.side_effect = lambda label, listener: made.append(Mock()) or made[-1]
    return Listening("c", recogniser, 8000, post), made, post


def fed(recognition: Mock) -> bytes:
    return b"".join(call.args[0] for call in recognition.feed.call_args_list)


def test_a_new_recogniser_is_told_again_what_the_lost_one_had_not_finished() -> None:
    ears, made, _ = listening()
    ears.start()
    for n in range(5):
        ears.feed(bytes([n, 0]) * 160)  # 20 ms each
    ears.final(Transcript("one", 1, 0, 40))
    ears.start()
    assert fed(made[1]) == b"".join(bytes([n, 0]) * 160 for n in (2, 3, 4))
    made[0].cancel.assert_called_once()


def test_what_is_kept_has_a_bound() -> None:
    ears, made, _ = listening()
    ears.start()
    for _ in range(KEPT_MS // 100 + 50):
        ears.feed(MS * 100)
    ears.start()
    assert len(fed(made[1])) == KEPT_MS * len(MS)


def test_utterances_are_numbered_on_across_recognisers() -> None:
    ears, _, post = listening()
    ears.start()
    ears.partial(Transcript("a", 1, 0, 1))
    ears.final(Transcript("ab", 1, 0, 2))
    ears.start()
    ears.final(Transcript("c", 1, 0, 2))
    error = ProviderError("gone", provider="p")
    ears.failed(error)
    assert [call.args[0] for call in post.call_args_list] == [
        CallerPartlyHeard("a", 1),
        CallerHeard("ab", 1),
        CallerHeard("c", 2),
        RecogniserFailed(error),
    ]


def test_frames_that_the_recogniser_refuses_are_counted() -> None:
    ears, made, _ = listening()
    ears.start()
    made[0].feed.return_value = False
    ears.feed(MS * 20)
    ears.feed(MS * 20)
    assert ears.dropped == 2


def test_what_is_said_again_of_an_utterance_keeps_its_number() -> None:
    """It may be answered already from its partial words: under another number it would be answered twice, and interrupt its own answer."""
    ears, _, post = listening()
    ears.start()
    ears.final(Transcript("a", 1, 0, 1))
    ears.partial(Transcript("b", 3, 2, 3))  # of the second, only a cough, nothing was told
    ears.start()
    ears.partial(Transcript("b", 1, 1, 2))
    ears.final(Transcript("bc", 1, 1, 3))
    ears.start()
    ears.final(Transcript("d", 1, 0, 1))
    assert [(call.args[0].text, call.args[0].utterance) for call in post.call_args_list] == [
        ("a", 1),
        ("b", 3),
        ("b", 3),
        ("bc", 3),
        ("d", 4),
    ]
