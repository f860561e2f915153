"""What the caller has said and we have not audibly answered. [pure]"""

from __future__ import annotations

from .. import events as ev
from ..text.transcript import beyond, same


class Words:
    """Finals as they came, and the recogniser's opinion of the utterance under way behind them.

    An utterance ends where the recogniser says, which may be long after the caller's turn: one that was answered from its partial words
    goes on if the caller does. What it holds beyond the words that were answered is new then.
    """

    def __init__(self) -> None:
        self.final_at = 0.0
        """When the latest became sure, in the clock's seconds."""
        self.changed_at = 0.0
        """When they last said something else than before."""
        self.goes_on = False
        """Whether the caller has made a sound since the words were asked: without one, what comes of their utterance is only late."""
        self._finals: list[str] = []
        self._partial = ""
        self._latest = 0  # the newest utterance noted
        self._asked = 0  # utterances up to here were given to the model
        self._asked_text = ""  # what was given of that one, if it was half recognised and is not answered audibly
        self._asked_at = 0  # and where that stands in the finals
        self._answered = 0  # the utterance of which a part is answered
        self._answered_text = ""  # and that part

    def note(self, event: ev.CallerPartlyHeard | ev.CallerHeard, now: float) -> bool:
        """Take words. Returns whether they were new: not when their utterance was already answered from its partial words."""
        if self.amend(event, now):
            return True
        if event.utterance <= self._asked:
            if not self._says_more(event):
                return False
            self._asked = event.utterance - 1
        self._take(event, now)
        return True

    def type(self, text: str, now: float) -> None:
        """Words that were not spoken: they are sure, and stand before the utterance under way."""
        self._finals.append(text)
        self.final_at = self.changed_at = now

    def amend(self, event: ev.CallerPartlyHeard | ev.CallerHeard, now: float) -> bool:
        """The recogniser has more, or something else, of the utterance that was asked from its partial words. Returns whether it matters:
        what was asked is taken back then, to be asked anew."""
        text = self._new(event)
        if event.utterance != self._asked or not self._asked_text or not text:
            return False
        if same(text, self._asked_text):
            return False
        if isinstance(event, ev.CallerPartlyHeard) and len(text) < len(self._asked_text):
            return False  # partial words may shrink for a moment
        del self._finals[self._asked_at]
        self._asked, self._asked_text = event.utterance - 1, ""
        self._take(event, now)
        return True

    def _says_more(self, event: ev.CallerPartlyHeard | ev.CallerHeard) -> bool:
        """Of the utterance that is answered in part."""
        answered = event.utterance == self._asked == self._answered and not self._asked_text
        return self.goes_on and answered and bool(self._new(event))

    def _new(self, event: ev.CallerPartlyHeard | ev.CallerHeard) -> str:
        """What is not answered of it."""
        text = event.text.strip()
        return beyond(text, self._answered_text) if event.utterance == self._answered else text

    def _take(self, event: ev.CallerPartlyHeard | ev.CallerHeard, now: float) -> None:
        before = self.text
        self._latest = max(self._latest, event.utterance)
        if isinstance(event, ev.CallerPartlyHeard):
            self._partial = self._new(event)
        else:
            self._partial = ""
            self.final_at = now
            if text := self._new(event):
                self._finals.append(text)
        if not same(before, self.text):
            self.changed_at = now

    @property
    def sure(self) -> bool:
        """There are words, and no utterance is half recognised."""
        return bool(self._finals) and not self._partial

    @property
    def text(self) -> str:
        """All of them."""
        return join([*self._finals, self._partial])

    def ask(self, goes_on: bool = False) -> None:
        """All words so far are being answered; a partial one counts as said, and its final will be late, unless the caller `goes_on`."""
        if self._partial:
            self._asked_text, self._asked_at = self._partial, len(self._finals)
            self._finals.append(self._partial)
        elif self._latest > self._asked:
            self._asked_text = ""
        self._partial = ""
        self._asked = max(self._asked, self._latest)
        self.goes_on = goes_on

    def spend(self) -> None:
        """The answer is audible: forget the words that were asked, keep what came after."""
        if self._asked_text:
            before = self._answered_text if self._answered == self._asked else ""
            self._answered, self._answered_text = self._asked, join([before, self._asked_text])
        self._finals.clear()
        self._asked_text = ""
        if self._latest <= self._asked:
            self._partial = ""

    def forget(self, goes_on: bool = False) -> None:
        """They were not meant for us. What the utterance under way has more may be, if the caller `goes_on`."""
        self.ask(goes_on)
        self.spend()


def join(parts: list[str]) -> str:
    """Utterances as one text: with a blank between Latin ones, without between Chinese."""
    text = ""
    for part in filter(None, parts):
        blank = text and text[-1].isascii() and part[0].isascii()
        text += (" " if blank else "") + part
    return text
