"""NLS SpeechSynthesizer and SpeechLongSynthesizer: one message with the whole text, audio streamed back."""

from __future__ import annotations

from contextlib import aclosing

from . import split, wire
from .engines import Voice
from .kit import Kit
from .line import Line
from .voicing import Voicing, subtitles
from .wire import NlsError

MOST_CHARACTERS = 300
"""Of SpeechSynthesizer; what is longer is cut off, as the service does."""
MOST_LONG_CHARACTERS = 100_000


class WholeTask:
    """One task on one connection: StartSynthesis is all the client says."""

    def __init__(self, line: Line, kit: Kit, namespace: str) -> None:
        self._line = line
        self._kit = kit
        self._namespace = namespace

    async def directive(self, directive: wire.Directive) -> None:
        if directive.name != "StartSynthesis":
            raise NlsError(40010002, f"Gateway:DIRECTIVE_NOT_SUPPORTED:Directive '{directive.name}' isn't supported!")
        if self._line.started:
            raise NlsError(40000000, "[StartSynthesis] Connection already started")
        payload = directive.payload
        rate = wire.sample_rate(payload, wire.TTS_RATES)
        wav = wire.audio_format(payload, ("pcm", "wav")) == "wav"
        text = payload.get("text")
        if not isinstance(text, str):
            raise NlsError(40010003, "Gateway:DIRECTIVE_INVALID:No text specified!")
        if not text.strip():
            raise NlsError(40000000, "text is empty.")
        name = str(payload.get("voice") or "")
        voice = self._kit.voice(name)
        if voice is None:
            raise NlsError(41020001, "TTS:TtsClientError:[tts]Engine return error code: 418")
        most = MOST_LONG_CHARACTERS if self._namespace == wire.LONG else MOST_CHARACTERS
        self._line.started = self._line.stopping = True
        self._line.work(self._serve(voice, rate, wav, text[:most], bool(payload.get("enable_subtitle"))))

    async def audio(self, pcm: bytes) -> None:
        raise NlsError(40000002, "Gateway:MESSAGE_INVALID:Invalid binary message while server state is 'TTS'!")

    def close(self) -> None:
        """Nothing to release: the line cancels the work."""

    async def _serve(self, voice: Voice, rate: int, wav: bool, text: str, with_subtitles: bool) -> None:
        complete = self._kit.clock.now() + self._kit.pace.start_s
        voicing = Voicing(self._kit, voice, rate, wav)
        index, begin_ms = 0, 0.0
        for unit in split.units(text):
            frames = voicing.speak(unit, complete)
            async with aclosing(frames):
                async for frame in frames:
                    if with_subtitles and frame.characters:
                        moved = [(at + index, a + begin_ms, b + begin_ms) for at, a, b in frame.characters]
                        items = [{**item, "phoneme": "null"} for item in subtitles(text, moved)]
                        await self._line.send(
                            wire.event(self._namespace, "MetaInfo", self._line.task, {"subtitles": items})
                        )
                    await self._line.send_audio(frame.audio)
            index += len(unit)
            begin_ms += voicing.spoken_ms
        await self._line.send(wire.event(self._namespace, "SynthesisCompleted", self._line.task))
        self._line.complete()
