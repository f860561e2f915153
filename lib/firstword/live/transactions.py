"""What was sent and not answered yet: repeated ever more slowly, and given up at last (RFC 3261, 17.1). [pure]"""

from __future__ import annotations

from dataclasses import dataclass

from .sip import Message

T1 = 0.5
"""A round trip, at most: the first repetition of what was not answered."""
T2 = 4.0
"""The longest pause between repetitions; those of an INVITE know none."""
PATIENCE = 64 * T1
"""How long a message is repeated."""

Address = tuple[str, int]


@dataclass
class Repeat:
    """A message that is sent again and again until it is answered."""

    message: Message
    to: Address
    at: float
    """When it is sent next."""
    until: float
    """When it is given up."""
    cap: float = T2
    pause: float = T1

    @classmethod
    def begin(cls, message: Message, to: Address, now: float, cap: float = T2) -> Repeat:
        """Sent for the first time at `now`."""
        return cls(message, to, now + T1, now + PATIENCE, cap)

    def again(self, now: float) -> None:
        """It was sent once more."""
        self.pause = min(2 * self.pause, self.cap)
        self.at = now + self.pause

    def rest(self, until: float) -> None:
        """It was heard: wait for its answer until then, without repeating it."""
        self.at = self.until = until


class Requests:
    """Our requests that have no final answer."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], Repeat] = {}  # by branch and method: CANCEL has the branch of its INVITE

    def add(self, repeat: Repeat) -> None:
        """A request was sent."""
        self._waiting[(repeat.message.branch, repeat.message.method)] = repeat

    def of(self, response: Message) -> Repeat | None:
        """The request that `response` answers, if it waits."""
        return self._waiting.get((response.branch, response.method))

    def done(self, repeat: Repeat) -> None:
        """It has its final answer."""
        self._waiting.pop((repeat.message.branch, repeat.message.method), None)

    def find(self, method: str) -> Repeat | None:
        """One of this method that waits."""
        return next((repeat for (_, name), repeat in self._waiting.items() if name == method), None)

    def clear(self) -> None:
        """Wait for none of them."""
        self._waiting.clear()

    def due(self) -> float | None:
        """When the first is sent again or given up."""
        return min((repeat.at for repeat in self._waiting.values()), default=None)

    def tick(self, now: float) -> tuple[list[Repeat], list[Repeat]]:
        """Those to send again, and those that are given up."""
        hopeless = [repeat for repeat in self._waiting.values() if now >= repeat.until]
        for repeat in hopeless:
            self.done(repeat)
        again = [repeat for repeat in self._waiting.values() if now >= repeat.at]
        for repeat in again:
            repeat.again(now)
        return again, hopeless
