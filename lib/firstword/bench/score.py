"""What a caller would say of a call: was he cut off, did he wait, was the bot put off by nothing, did it stop when told to? [pure]

A `Timeline` has both truths: what the caller did and when, by his own script and line, and what he heard, by ear. The record of the call
adds when his turn was judged to be over and what the bot meant to say, nothing else. `score` compares them; scores add up.

*cut off*: the turn was judged to be over before its last word, and the answer to that became audible.
*wait*: from the last frame of a turn to the moment it was judged to be over; *first word*: from there to the first frame of the answer. A
caller who goes on by himself within `GOES_ON_S`, unanswered, has not waited.
*false interruption*: a listener's 嗯, noise, or an echo of the bot while it spoke. It *lost words* if the reply was not heard to its
end: each character once at least, in order; what is said again after a hold is no loss. Where the caller then interrupted in earnest, the
bot must have been speaking that reply still.
*interruption*: a turn that began while the bot was audible. *stop*: from its first frame to the last frame of the reply before a silence;
*missed*: the same reply was still, or again, to be heard `MISSED_S` later.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

from ..audio.tone import DAMAGED
from ..sim.caller import Character, Sound

GOES_ON_S = 1.0
MISSED_S = 1.5
LONG_WAIT_MS = 1000
NEVER_MS = 10_000.0
"""What a turn that was never answered counts as a wait: after so long the bot would ask whether anybody is there."""
BACK = 12
"""How many characters a resumed reply may say again."""
HANDED_S = 0.02
"""A first word is noted when it is handed to the switch, and heard with the switch's next frame; here, in case the clocks' roundings say
otherwise."""
CUT_BY_END_S = 0.3
"""A reply that was audible so shortly before the end of the call was cut by the caller's hanging up."""

Nothing = Literal["backchannel", "noise", "echo"]


@dataclass(frozen=True, slots=True)
class Reply:
    """Something the bot said, or was about to say. Times are the clock's seconds."""

    kind: Literal["answer", "phrase", "unheard"]
    """An answer to a turn; a phrase of the profile; the one that asks a caller to say it again."""
    text: str
    """All of it, whether it was said or not."""
    judged: float
    """When the turn it answers was judged to be over; of a phrase, when it was begun."""
    first_word: float | None
    """When it became audible."""
    recorded_ms: float = 0.0
    """The record's own wait: from the last frame that was judged to be speech to `judged`."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A call that is over."""

    sounds: Sequence[Sound]
    replies: Sequence[Reply]
    characters: Sequence[Character]
    """What the ear understood."""
    audible: Sequence[tuple[float, float]]
    """When the bot was to be heard: begin and end of each spell, pauses of speech not counted."""
    ended: float
    echo: bool = False
    line_noise: bool = False


@dataclass
class Score:
    """Of one call, or the sum of several."""

    turns: int = 0
    paused_turns: int = 0
    """Those with a pause in them."""
    cut_off: int = 0
    cut_in_pause: int = 0
    """Those of them that had a pause."""
    answered: int = 0
    unanswered: int = 0
    waits_ms: list[float] = field(default_factory=list)
    """`NEVER_MS` for a turn that was never answered."""
    recorded_waits_ms: list[float] = field(default_factory=list)
    first_words_ms: list[float] = field(default_factory=list)
    unasked: int = 0
    """Answers that nobody had asked for."""
    false: dict[Nothing, int] = field(default_factory=dict)
    """False interruptions, by what they were."""
    lost: dict[Nothing, int] = field(default_factory=dict)
    """Those of them that lost words."""
    interruptions: int = 0
    missed: int = 0
    stops_ms: list[float] = field(default_factory=list)
    undisturbed: int = 0
    """Replies during which nothing was to be heard of the caller."""
    heard_whole: int = 0
    """Those of them that were heard to the character."""
    faults: list[str] = field(default_factory=list)
    """Each of the above that a caller would complain of, in a line."""

    def __add__(self, other: Score) -> Score:
        total = Score()
        for name in (one.name for one in fields(Score)):
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, dict):
                setattr(total, name, {key: mine.get(key, 0) + theirs.get(key, 0) for key in {**mine, **theirs}})
            else:
                setattr(total, name, mine + theirs)
        return total


def score(timeline: Timeline) -> Score:
    """Judge one call."""
    judge = _Judge(timeline)
    judge.turns()
    judge.nothings()
    judge.interruptions()
    judge.undisturbed()
    return judge.score


class _Judge:
    def __init__(self, timeline: Timeline) -> None:
        self.score = Score()
        self._line = timeline
        self._turns = [sound for sound in timeline.sounds if sound.kind == "turn" and sound.end < math.inf]
        self._nobody_asked: list[Reply] = []  # a bot that answers itself would count its own echoes
        self._heard = sorted(
            ((reply.first_word, reply) for reply in timeline.replies if reply.first_word is not None),
            key=lambda one: one[0],
        )

    # -- the caller's turns ------------------------------------------------------------------------------------------

    def turns(self) -> None:
        """Whether each was heard out, and how long it waited for its answer."""
        score = self.score
        first, *begins = [*(turn.begin for turn in self._turns), math.inf]
        self._unasked([reply for reply in self._line.replies if reply.judged < first])
        for turn, following in zip(self._turns, begins, strict=True):
            score.turns += 1
            score.paused_turns += len(turn.parts) > 1
            judged = [reply for reply in self._line.replies if turn.begin <= reply.judged < following]
            early = [reply for reply in judged if reply.judged < turn.end and reply.kind != "phrase"]
            if any(reply.first_word is not None for reply in early):
                score.cut_off += 1
                score.cut_in_pause += len(turn.parts) > 1
                self._fault(turn, "was cut off")
            late = [reply for reply in judged if reply.judged >= turn.end]
            answer = next((reply for reply in late if reply.kind == "answer"), None)
            self._unasked([reply for reply in late if reply is not answer])
            if answer is not None:
                self._answered(turn, answer)
            elif following - turn.end > GOES_ON_S:
                score.unanswered += 1
                score.waits_ms.append(NEVER_MS)
                self._fault(turn, "was not answered")

    def _answered(self, turn: Sound, answer: Reply) -> None:
        wait_ms = (answer.judged - turn.end) * 1000
        self.score.answered += 1
        self.score.waits_ms.append(wait_ms)
        self.score.recorded_waits_ms.append(answer.recorded_ms)
        if wait_ms > LONG_WAIT_MS:
            self._fault(turn, f"waited {wait_ms:.0f} ms")
        if answer.first_word is not None:
            self.score.first_words_ms.append((answer.first_word - turn.end) * 1000)

    def _unasked(self, replies: Sequence[Reply]) -> None:
        for reply in replies:
            if reply.kind != "phrase":
                self._nobody_asked.append(reply)
                self.score.unasked += 1
                self.score.faults.append(f"nobody had asked for {_short(reply.text)}")

    # -- what is no turn ---------------------------------------------------------------------------------------------

    def nothings(self) -> None:
        """Whether the bot was put off."""
        for sound in self._line.sounds:
            reply = self._audible_at(sound.begin) if sound.kind != "turn" else None
            if reply is not None:
                kind: Nothing = "noise" if sound.kind == "noise" else "backchannel"
                self._judge_nothing(kind, reply, f"at a {sound.parts[0].text}")
        if self._line.echo or self._line.line_noise:
            kind = "echo" if self._line.echo else "noise"
            for _, reply in self._heard:
                if reply not in self._nobody_asked and all(s.kind == "turn" for s in self._sounds_during(reply)):
                    self._judge_nothing(kind, reply, f"by {kind} on the line")

    def _judge_nothing(self, kind: Nothing, reply: Reply, how: str) -> None:
        if self._cut_by_end(reply):
            return
        self.score.false[kind] = self.score.false.get(kind, 0) + 1
        interrupted = any(sound.kind == "turn" for sound in self._sounds_during(reply))
        if not interrupted and not self._whole(reply):
            self.score.lost[kind] = self.score.lost.get(kind, 0) + 1
            self.score.faults.append(f"lost words of {_short(reply.text)} {how}")

    # -- interruptions -----------------------------------------------------------------------------------------------

    def interruptions(self) -> None:
        """Whether the bot stopped, and how soon."""
        for turn in self._turns:
            reply = self._audible_at(turn.begin)
            if reply is None:
                continue
            self.score.interruptions += 1
            stop = next(end for begin, end in self._line.audible if begin <= turn.begin <= end)
            self.score.stops_ms.append((stop - turn.begin) * 1000)
            late, following = turn.begin + MISSED_S, self._following(reply)
            if any(max(begin, late) < min(end, following) for begin, end in self._line.audible):
                self.score.missed += 1
                self._fault(turn, "did not stop the bot")

    # -- replies -----------------------------------------------------------------------------------------------------

    def undisturbed(self) -> None:
        """Whether what nobody disturbed was heard to the character."""
        if self._line.echo or self._line.line_noise:
            return
        for _, reply in self._heard:
            if not self._sounds_during(reply) and not self._cut_by_end(reply):
                self.score.undisturbed += 1
                if self._whole(reply):
                    self.score.heard_whole += 1
                else:
                    self.score.faults.append(f"{_short(reply.text)} was not heard whole, though nobody disturbed it")

    def _audible_at(self, moment: float) -> Reply | None:
        """The reply that was to be heard at `moment`."""
        if not any(begin <= moment <= end for begin, end in self._line.audible):
            return None
        return next((reply for first, reply in reversed(self._heard) if first <= moment + HANDED_S), None)

    def _sounds_during(self, reply: Reply) -> list[Sound]:
        """What was to be heard of the caller between the first and the last that was to be heard of `reply`."""
        assert reply.first_word is not None
        following = self._following(reply)
        ends = [end for begin, end in self._line.audible if begin < following and end >= reply.first_word]
        last = min(ends[-1], following) if ends else reply.first_word
        return [
            sound
            for sound in self._line.sounds
            if any(part.begin <= last and part.end >= reply.first_word for part in sound.parts)
        ]

    def _following(self, reply: Reply) -> float:
        """When the next one after `reply` became audible."""
        assert reply.first_word is not None
        return next((first for first, _ in self._heard if first > reply.first_word), math.inf)

    def _cut_by_end(self, reply: Reply) -> bool:
        ends = [end for _, end in self._line.audible]
        return self._heard[-1][1] is reply and bool(ends) and self._line.ended - ends[-1] < CUT_BY_END_S

    def _whole(self, reply: Reply) -> bool:
        assert reply.first_word is not None
        begin, end = reply.first_word - HANDED_S, self._following(reply)
        return whole(reply.text, (one.text for one in self._line.characters if begin <= one.begin < end))

    def _fault(self, turn: Sound, what: str) -> None:
        self.score.faults.append(f"{_short(' … '.join(part.text for part in turn.parts))} {what}")


def whole(text: str, heard: Iterator[str] | Sequence[str]) -> bool:
    """Whether `heard`, character by character, is `text` from its begin to its end; up to `BACK` characters may be said again, any number
    of times. A character that came damaged was not heard; one that was cut off may come as another, if what follows is said again."""
    places = {(0, 0)}  # where in the text the next character may lie, and how much of it was heard
    cut = False
    for character in heard:
        if character == DAMAGED:
            continue
        after = set()
        for place, most in places:
            for back in range(max(0, place - BACK), place + (not cut)):
                if text[back : back + 1] == character:
                    after.add((back + 1, max(most, back + 1)))
        if not after and cut:
            return False
        cut, places = not after, after or places
    return not cut and any(most == len(text) for _, most in places)


def _short(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:23] + "…")
