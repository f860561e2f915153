"""What the caller has said and we have not audibly answered. [pure]"""

from __future__ import annotations

from .. import events as ev
from ..text.transcript import same


class Words:
    """Finals as they came, and the recogniser's opinion of the utterance under way behind them."""

    def __init__(self) -> None:
        self.final_at = 0.0
        """When the latest became sure, in the clock's seconds."""
        self.changed_at = 0.0
        """When they last said something else than before."""
        self._finals: list[str] = []
        self._partial = ""
        self._latest = 0  # the newest utterance noted
        self._asked = 0  # utterances up to here were given to the model
        self._asked_text = ""

    def note(self, event: ev.CallerPartlyHeard | ev.CallerHeard, now: float) -> bool:
        """Take words. Returns whether they were new: not when their utterance was already answered from its partial words."""
        if event.utterance <= self._asked:
            return False
        before = self.text
        self._latest = max(self._latest, event.utterance)
        if isinstance(event, ev.CallerPartlyHeard):
            self._partial = event.text
        else:
            self._partial = ""
            self.final_at = now
            if event.text.strip():
                self._finals.append(event.text.strip())
        if not same(before, self.text):
            self.changed_at = now
        return True

    def type(self, text: str, now: float) -> None:
        """Words that were not spoken: they are sure, and stand before the utterance under way."""
        self._finals.append(text)
        self.final_at = self.changed_at = now

    def amend(self, event: ev.CallerPartlyHeard | ev.CallerHeard, now: float) -> bool:
        """The recogniser has more, or something else, of the utterance that was asked from its partial words. Returns whether it matters:
        what was asked is taken back then, to be asked anew."""
        if event.utterance != self._asked or not self._asked_text or not event.text.strip():
            return False
        if same(event.text, self._asked_text):
            return False
        if isinstance(event, ev.CallerPartlyHeard) and len(event.text) < len(self._asked_text):
            return False  # partial words may shrink for a moment
        self._finals.pop()
        self._asked, self._asked_text = event.utterance - 1, ""
        self.note(event, now)
        return True

    @property
    def sure(self) -> bool:
        """There are words, and no utterance is half recognised."""
        return bool(self._finals) and not self._partial

    @property
    def text(self) -> str:
        """All of them."""
        return join([*self._finals, self._partial.strip()])

    def ask(self) -> None:
        """All words so far are being answered; a partial one counts as said, and its final will be late."""
        self._asked_text = self._partial.strip()
        if self._asked_text:
            self._finals.append(self._asked_text)
        self._partial = ""
        self._asked = max(self._asked, self._latest)

    def spend(self) -> None:
        """The answer is audible: forget the words that were asked, keep what came after."""
        self._finals.clear()
        self._asked_text = ""
        if self._latest <= self._asked:
            self._partial = ""

    def forget(self) -> None:
        """They were not meant for us."""
        self.ask()
        self.spend()


def join(parts: list[str]) -> str:
    """Utterances as one text: with a blank between Latin ones, without between Chinese."""
    text = ""
    for part in filter(None, parts):
        blank = text and text[-1].isascii() and part[0].isascii()
        text += (" " if blank else "") + part
    return text
