"""Who holds the floor of a call. All of it is pure: events in, commands out, `now` is an argument, a timer is a command. [pure]

`table` is the policy with the theory above it, `machine` carries it out. Its rules stand in `hearing` (the caller has the floor), `answers`
(it becomes ours), `speaking` (we are heard) and `asides` (keys, operators, the end); what they share is the `floor`. `manners` is what a
profile may choose, `words` what the caller has said, `patience` how long a pause may last, `answer` the one under way and `ahead` how many
may be thought ahead, `sounds` what holds a reply, `keys` what was pressed.
"""

from .machine import RULES, Turn
from .manners import Manners
from .table import State
from .words import join

__all__ = ["RULES", "Manners", "State", "Turn", "join"]
