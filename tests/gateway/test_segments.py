"""A recogniser that only decodes pieces, made to stream."""

from __future__ import annotations

import pytest

from firstword.gateway.hearing import LEAD_MS, SegmentHearing
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway

FRAME_MS = 20
RATE = 8000
SPEECH, SILENCE = b"\x01\x10" * 160, bytes(320)


class LoudIsSpeech:
    rate, frame_ms = RATE, FRAME_MS

    def speech(self, frame):
        return any(frame)

    def reset(self):
        pass


class Decoder:
    segment_ms = 9000

    def __init__(self):
        self.pieces = []

    def transcribe(self, pcm, rate):
        self.pieces.append(pcm)
        return f"piece {len(self.pieces)}"


def hear(*parts, silence_ms=600):
    """Feed parts like ``(SPEECH, 500)`` in chunks of an awkward size. Returns the decoder and what was told, with the audio time."""
    decoder = Decoder()
    hearing = SegmentHearing(decoder, LoudIsSpeech(), RATE, silence_ms)
    audio = b"".join(frame * (ms // FRAME_MS) for frame, ms in parts)
    told = []
    for at in range(0, len(audio), 722):
        told += [(round((at + 722) / 16), text) for text in hearing.feed(audio[at : at + 722])]
    return decoder, told, hearing.finish()


def test_a_sentence_begins_with_speech_and_ends_after_the_silence_with_one_decoding():
    decoder, told, rest = hear((SILENCE, 1000), (SPEECH, 800), (SILENCE, 1000))
    began, partial, final = (text for _, text in told)
    assert (began.text, began.final) == ("", False)
    assert (partial.text, partial.final) == ("piece 1", False)
    assert (final.text, final.final) == ("piece 1", True)
    assert (final.begin_ms, final.end_ms) == (1000, 1800)
    assert told[-1][0] == pytest.approx(1800 + 600, abs=60)
    assert len(decoder.pieces) == 1
    assert decoder.pieces[0].index(SPEECH) == pytest.approx(LEAD_MS * 16, abs=100 * 16)
    assert rest == []


def test_a_pause_shorter_than_the_silence_does_not_cut_and_is_decoded_again():
    decoder, told, _ = hear((SPEECH, 500), (SILENCE, 400), (SPEECH, 500), (SILENCE, 700))
    finals = [text for _, text in told if text.final]
    assert [final.text for final in finals] == ["piece 2"]
    assert (finals[0].begin_ms, finals[0].end_ms) == (0, 1400)
    assert len(decoder.pieces[1]) > len(decoder.pieces[0]) * 1.5


def test_a_click_is_no_sentence():
    decoder, told, rest = hear((SILENCE, 300), (SPEECH, 60), (SILENCE, 1000))
    assert (decoder.pieces, told, rest) == ([], [], [])


def test_speech_longer_than_the_recogniser_takes_is_cut():
    decoder, told, rest = hear((SPEECH, 10_000))
    assert sum(text.final for _, text in told) == 1
    assert all(len(piece) <= 9000 * 16 for piece in decoder.pieces)
    assert [text.final for text in rest] == [True]


def test_what_is_left_is_decoded_at_the_end():
    rest = hear((SPEECH, 500))[2]
    assert [(text.text, text.final) for text in rest] == [("piece 1", True)]


def test_the_gateway_wraps_a_recogniser_that_does_not_stream_with_a_vad_that_is_installed():
    gateway = Gateway(GatewayOptions(vad="level"), hearer=Decoder())
    assert gateway._kit.hearer.quick is False
    gateway.close()
