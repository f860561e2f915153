"""Who holds the floor of a call. All of it is pure: events in, commands out, `now` is an argument, a timer is a command. [pure]

`machine` is the table with the theory above it, `manners` what a profile may choose, `words` what the caller has said, `patience` how long
a pause may last, `ahead` how much may be thought ahead.
"""

from .machine import RULES, State, Turn
from .manners import Manners
from .words import join

__all__ = ["RULES", "Manners", "State", "Turn", "join"]
