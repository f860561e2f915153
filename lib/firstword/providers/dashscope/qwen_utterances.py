"""Which utterance an item of Qwen-ASR-Realtime is, and where in the audio. [pure]"""

from __future__ import annotations

from dataclasses import dataclass

from ...speech.asr import Transcript

MOST = 32
"""Utterances that may be under way at once: more than a caller has. The oldest is forgotten."""


@dataclass(slots=True)
class _Utterance:
    index: int
    begin_ms: int
    end_ms: int | None = None


class Utterances:
    """Items are named by the service; utterances are counted from 1, in the order in which they are first heard of. All places are
    milliseconds of the audio that was fed. An item that nothing tells the beginning of begins where the one before it ended."""

    def __init__(self) -> None:
        self._open: dict[str, _Utterance] = {}
        self._count = 0
        self._ended_ms = 0

    def began(self, item_id: str, at_ms: int) -> None:
        self._of(item_id).begin_ms = at_ms

    def stopped(self, item_id: str, at_ms: int, *, sure: bool = True) -> None:
        """`sure`: a place the service told; another does not replace it."""
        utterance = self._of(item_id)
        if sure or utterance.end_ms is None:
            utterance.end_ms = at_ms

    def partial(self, item_id: str, text: str, so_far_ms: int) -> Transcript:
        return self._transcript(self._of(item_id), text, so_far_ms)

    def final(self, item_id: str, text: str, so_far_ms: int) -> Transcript:
        """The last of an item: the same name later is another utterance."""
        transcript = self._transcript(self._of(item_id), text, so_far_ms)
        self._open.pop(item_id)
        self._ended_ms = max(self._ended_ms, transcript.end_ms)
        return transcript

    def _of(self, item_id: str) -> _Utterance:
        utterance = self._open.get(item_id)
        if utterance is None:
            while len(self._open) >= MOST:
                self._open.pop(next(iter(self._open)))
            self._count += 1
            utterance = self._open[item_id] = _Utterance(self._count, self._ended_ms)
        return utterance

    def _transcript(self, utterance: _Utterance, text: str, so_far_ms: int) -> Transcript:
        end_ms = so_far_ms if utterance.end_ms is None else utterance.end_ms
        return Transcript(text, utterance.index, min(utterance.begin_ms, end_ms), end_ms)
