"""CosyVoice and qwen-audio as a `speech.tts.Synthesiser`, by DashScope's task protocol.

A reply is one stream of text and usually one task (`speech.tasks`). A connection carries tasks one after another: when a task has finished
in order, its connection is given back (`account.Account.give_back`) for the next reply. An interruption closes it, as the pages say.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ...clock import SYSTEM, Clock
from ...options import bind
from ...speech.tasks import Reply
from ...speech.tts import Synthesiser, SynthesisListener
from ...text.lexicon import SYLLABLES
from .account import Account
from .cosyvoice_marks import Marks
from .cosyvoice_settings import CosyVoiceSettings, check, hot_fix, parameters, takes_hot_fix
from .cosyvoice_task import TEXT_CHARS, CosyVoiceTask

__all__ = ["CosyVoice", "CosyVoiceSettings", "make"]

log = logging.getLogger("firstword.providers.dashscope")


def make(values: Mapping[str, str], where: str, clock: Clock = SYSTEM) -> CosyVoice:
    """Raises ConfigError."""
    settings = bind(CosyVoiceSettings, values, where)
    check(settings, where)
    return CosyVoice(settings, clock)


class CosyVoice(Synthesiser):
    """See `speech.tts.Synthesiser`."""

    def __init__(self, settings: CosyVoiceSettings, clock: Clock = SYSTEM) -> None:
        self.name = "cosyvoice tts"
        self.rate = settings.sample_rate
        self.settings = settings
        self.account = Account(self.name, settings, clock, spares=settings.spares)
        self.parameters = parameters(settings)
        self.reads = frozenset((SYLLABLES,)) if takes_hot_fix(settings.model) else frozenset()
        self._can_flush = settings.flush

    def start(self, label: str, listener: SynthesisListener) -> Reply:
        marks = Marks()
        reply = Reply(
            label,
            listener,
            rate=self.rate,
            text_chars=TEXT_CHARS,
            make_task=lambda reply: CosyVoiceTask(self, reply, marks),
            whole=self.settings.enable_ssml,
            can_flush=lambda: self._can_flush,
        )
        reply.start()
        return reply

    def expect(self, label: str) -> None:
        self.account.spares.expect(label)

    def pronouncing(self, words: Mapping[str, str]) -> CosyVoice:
        """By ``hot_fix``, beside what the service's own setting says, which goes before."""
        fixes = hot_fix(self.settings.hot_fix, "hot_fix")
        known = {word for pair in fixes.get("pronunciation", []) for word in pair}
        fixes["pronunciation"] = [
            *fixes.get("pronunciation", []),
            *({word: said} for word, said in words.items() if word not in known),
        ]
        self.parameters = {**self.parameters, "hot_fix": fixes}
        return self

    def flush_refused(self) -> None:
        """The service does not take a flush: send no more, for the life of this process."""
        self._can_flush = False
        log.warning("%s: the service refused to flush; an unfinished sentence waits for the reply's end", self.name)

    def close(self) -> None:
        self.account.close()
