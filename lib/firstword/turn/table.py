"""Who holds the floor: the theory, and the table. [pure]

A telephone conversation is a floor that passes between two. Eight states say who has it:

* ``READY``      the channel is not answered yet.
* ``LISTENING``  nobody has it. Whoever speaks first takes it; if nobody does, the idle timer asks.
* ``HEARING``    the caller has it: voice activity says so, not words. Bounded by ``hear_ms``, for noise that never ends.
* ``SETTLING``   the caller's turn is over (the endpoint), the words are not yet sure. Bounded by ``final_ms``.
* ``THINKING``   it is ours, and not yet audible: a reply was begun. Bounded by ``think_ms``.
* ``SPEAKING``   it is ours, and the caller hears us.
* ``HELD``       it is ours, but the caller makes a sound: the reply waits for what it is. Bounded by ``hold_ms``.
* ``CLOSING``    ours for the last time: the goodbye or the apology is on its way, uninterruptible. Bounded by ``closing_ms``.
* ``OVER``       nothing matters any more.

Six ideas carry the rest.

**A reply has a number.** Each `Think` and `Say` takes the next one; `Silence` ends it. What arrives with another number than the
current one is about a reply that is over, and `handle` drops it before the table is asked. So an interruption can not be
overtaken.

**A pause is not an end.** How long it may last is a matter of what was said (`patience`). Meanwhile the answer is thought ahead and held
(`answer`): if the turn is over and the words are still the same, it is released; if not, it was in vain, which `ahead` bounds.

**A sound is not an interruption.** It holds the reply. Words end it; a listener's 嗯, or no words, let it go on a syllable earlier. A
caller who makes such sounds all the time is soon asked for more: for a sound as long as speech, then for words.

**The caller's words stay ours to answer until an answer is audible.** A caller who goes on ("...and to Beijing?") while we think, or
whose last words the recogniser gives late, has not begun a new turn: the silent reply is held, and if the words have changed the model is
asked again with all of them. Once the answer is audible, the words are spent.

**Voice activity moves the floor, words fill it.** Words without voice activity (a syllable shorter than ``min_speech_ms``) are
answered when the floor is free.

**No dead ends.** Each state in which we wait for somebody else has a timer, and a failure leads to an apology, two in a row to the
end of the call.

The table is the whole policy: a row per event, a column per state, in each cell the rule that acts (a method of `hearing`, `answers`,
`speaking` or `asides`), or ``-`` where the event means nothing there. `tests/turn/` plays the stories, walks each cell, and runs any order
of events.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TypeVar

from .. import events as ev

State = enum.Enum("State", "READY LISTENING HEARING SETTLING THINKING SPEAKING HELD CLOSING OVER")

TABLE = """
                     READY    LISTENING   HEARING     SETTLING    THINKING    SPEAKING    HELD          CLOSING     OVER
Answered             greet    -           -           -           -           -           -             -           -
CallerStirred        -        stir        go_on       -           -           doubt       doubt_on      -           -
CallerBegan          -        hear        -           take_back   overtake    insist      insist        -           -
CallerHushed         -        -           silent      -           -           -           -             -           -
CallerPaused         -        pause_late  paused      -           -           pass_over   weigh_up      -           -
CallerPartlyHeard    -        name_sound  note        settled     rethink     murmur      weigh_words   -           -
CallerHeard          -        unprompted  note        settled     rethink     murmur      weigh_words   -           -
RecogniserFailed     deaf     deaf        deaf        deaf        deaf        deaf        deaf          -           -
ReplyBegan           -        -           too_late    too_late    speak       -           -             -           -
ToolsBegan           -        -           -           -           wait_tools  wait_tools  wait_tools    -           -
ToolsAnswered        -        -           tools_done  tools_done  tools_done  tools_done  tools_done    -           -
ReplyDrained         -        -           lost        lost        nothing     drained     drained_held  linger      -
ReplyFailed          -        -           lost        lost        failed      failed      failed        finish      -
KeyPressed           -        press       press       press       press       press       press         press_last  -
SpeechAsked          -        obey        obey        obey        obey        obey        obey          -           -
HangUpAsked          dismiss  dismiss     dismiss     dismiss     dismiss     dismiss     dismiss       dismiss     -
HungUp               gone     gone        gone        gone        gone        gone        gone          gone        -
Broke                broke    broke       broke       broke       broke       broke       broke         broke       -
TimerFired:idle      -        remind      -           -           -           -           -             -           -
TimerFired:endpoint  -        -           end_turn    -           -           -           -             -           -
TimerFired:ahead     -        -           think_late  -           -           -           -             -           -
TimerFired:hear      -        -           endless     -           -           -           -             -           -
TimerFired:final     -        -           -           give_up     -           -           -             -           -
TimerFired:think     -        -           -           -           stalled     -           -             -           -
TimerFired:filler    -        -           -           -           fill        fill        fill_later    -           -
TimerFired:held      -        -           -           -           -           -           resume        -           -
TimerFired:keys      -        typed       typed       typed       typed       typed       typed         -           -
TimerFired:warn      -        warn        warn        warn        warn        warn        warn          -           -
TimerFired:closing   -        -           -           -           -           -           -             finish      -
TimerFired:call      dismiss  expire      expire      expire      expire      expire      expire        -           -
"""

Rule = TypeVar("Rule")


def read(named: Callable[[str], Rule]) -> dict[tuple[str, State], Rule | None]:
    """The table as a rule for each row and state, by what `named` gives for the name in a cell; None where an event means nothing."""
    header, *rows = (line.split() for line in TABLE.strip().splitlines())
    rules = {name: named(name) for name in {cell for row in rows for cell in row[1:]} - {"-"}}
    return {
        (row[0], State[column]): rules.get(cell) for row in rows for column, cell in zip(header, row[1:], strict=True)
    }


def row(event: ev.Event) -> str:
    """The name of the row that `event` belongs to."""
    name = type(event).__name__
    return f"{name}:{event.name}" if isinstance(event, ev.TimerFired) else name
