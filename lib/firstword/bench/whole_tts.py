"""The vendor ``whole`` for synthesisers; see `bench.whole`."""

from ..providers.aliyun.tts import SynthesiserSettings
from .whole import make_synthesiser as make

__all__ = ["SynthesiserSettings", "make"]
