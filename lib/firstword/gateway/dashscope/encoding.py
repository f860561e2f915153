"""The audio of a task in the format it asked for. mp3 needs PyAV (the extra ``live``); without it such a task fails and says so."""

from __future__ import annotations

from typing import Any, Protocol

from ..framing import wav_header
from . import wire

DEFAULT_RATE = 22050


class Encoder(Protocol):
    """One task's audio, one file from its first byte to its last. Of the gateway's loop."""

    def feed(self, pcm: bytes) -> bytes:
        """The next audio. May return b"" and hold some back."""

    def end(self) -> bytes:
        """What was held back."""


class Plain:
    """pcm; with a `head`, wav."""

    def __init__(self, head: bytes = b"") -> None:
        self._head = head

    def feed(self, pcm: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + pcm

    def end(self) -> bytes:
        return b""


class Mp3:
    """LAME's, by PyAV. Its packets one after another are a file."""

    def __init__(self, rate: int) -> None:
        try:
            import av
        except ImportError:
            raise wire.invalid("This gateway makes mp3 only with PyAV: pip install av!") from None
        self._av = av
        self._codec: Any = av.CodecContext.create("libmp3lame", "w")
        self._codec.sample_rate, self._codec.layout, self._codec.format = rate, "mono", "s16p"
        self._codec.bit_rate = 64_000
        self._codec.open()
        self._rate = rate
        self._fifo = av.AudioFifo()
        self._odd = b""

    def feed(self, pcm: bytes) -> bytes:
        import numpy as np

        pcm = self._odd + pcm
        whole = len(pcm) & ~1
        self._odd = pcm[whole:]
        if whole:
            samples = np.frombuffer(pcm[:whole], "<i2").reshape(1, -1)
            frame = self._av.AudioFrame.from_ndarray(samples, format="s16p", layout="mono")
            frame.sample_rate = self._rate
            self._fifo.write(frame)
        return self._take(partial=False)

    def end(self) -> bytes:
        rest = self._take(partial=True)
        return rest + b"".join(bytes(packet) for packet in self._codec.encode(None))

    def _take(self, partial: bool) -> bytes:
        out = []
        while (frame := self._fifo.read(self._codec.frame_size, partial)) is not None:
            frame.pts = None
            out += [bytes(packet) for packet in self._codec.encode(frame)]
            if frame.samples < self._codec.frame_size:
                break
        return b"".join(out)


def encoder(name: str, rate: int) -> Encoder:
    """Raises TaskError: this gateway does not make that format."""
    if name == "pcm":
        return Plain()
    if name == "wav":
        return Plain(wav_header(rate))
    if name == "mp3":
        return Mp3(rate)
    raise wire.invalid(f"This gateway makes pcm, wav and mp3, not '{name[:20]}'!")
