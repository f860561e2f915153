"""The way it is commonly done: the whole reply, then the whole synthesis, then play. The same providers, held back.

Two vendors for the comparison of `bench.first_word`, which differ from the real ones in one thing only: the model's tokens are given
when the last one has come, and the synthesiser's audio when the last of it has.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from ..clock import Clock
from ..errors import ProviderError
from ..providers import registry
from ..providers.aliyun.tts import SynthesiserSettings
from ..providers.openai.chat import ChatSettings
from ..speech.llm import Completion, Generation, GenerationListener, Message, Model, Tool
from ..speech.tts import Mark, Synthesis, Synthesiser, SynthesisListener

VENDOR = "whole"


class WholeModel:
    """`speech.llm.Model`: one token, the whole answer."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.name = f"whole {model.name}"

    def start(
        self, label: str, messages: Sequence[Message], listener: GenerationListener, tools: Sequence[Tool] = ()
    ) -> Generation:
        return self._model.start(label, messages, _HeldText(listener), tools)

    def close(self) -> None:
        self._model.close()


class _HeldText:
    def __init__(self, listener: GenerationListener) -> None:
        self._listener = listener
        self._text = ""

    def token(self, text: str) -> None:
        self._text += text

    def finished(self, completion: Completion) -> None:
        if self._text:
            self._listener.token(self._text)
        self._listener.finished(completion)

    def failed(self, error: ProviderError) -> None:
        self._listener.failed(error)


class WholeSynthesiser(Synthesiser):
    """`speech.tts.Synthesiser`: no audio before there is all of it."""

    def __init__(self, synthesiser: Synthesiser) -> None:
        self._synthesiser = synthesiser
        self.name = f"whole {synthesiser.name}"
        self.rate = synthesiser.rate

    def start(self, label: str, listener: SynthesisListener) -> Synthesis:
        return self._synthesiser.start(label, _HeldAudio(listener))

    def close(self) -> None:
        self._synthesiser.close()


class _HeldAudio:
    def __init__(self, listener: SynthesisListener) -> None:
        self._listener = listener
        self._audio: list[bytes] = []
        self._marks: list[Mark] = []

    def audio(self, pcm: bytes) -> None:
        self._audio.append(pcm)

    def mark(self, mark: Mark) -> None:
        self._marks.append(mark)

    def _give(self) -> None:
        if self._audio:
            self._listener.audio(b"".join(self._audio))
        for mark in self._marks:
            self._listener.mark(mark)

    def finished(self) -> None:
        self._give()
        self._listener.finished()

    def failed(self, error: ProviderError) -> None:
        self._give()
        self._listener.failed(error)


@contextlib.contextmanager
def vendors() -> Iterator[None]:
    """While it lasts, ``vendor="whole"`` is known for ``llm`` and ``tts``."""
    registry.VENDORS["llm"][VENDOR] = ("firstword.bench.whole_llm", ChatSettings.__name__)
    registry.VENDORS["tts"][VENDOR] = ("firstword.bench.whole_tts", SynthesiserSettings.__name__)
    try:
        yield
    finally:
        del registry.VENDORS["llm"][VENDOR], registry.VENDORS["tts"][VENDOR]


def make_model(values: Mapping[str, str], where: str, clock: Clock) -> WholeModel:
    return WholeModel(registry.make_llm("openai", values, where, clock))


def make_synthesiser(values: Mapping[str, str], where: str, clock: Clock) -> WholeSynthesiser:
    return WholeSynthesiser(registry.make_tts("aliyun", values, where, clock))
