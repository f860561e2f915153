"""The vendor ``whole`` for models; see `bench.whole`."""

from ..providers.openai.chat import ChatSettings
from .whole import make_model as make

__all__ = ["ChatSettings", "make"]
