"""The keys that a caller has pressed, until they are a group. [pure]"""

from __future__ import annotations


class Keys:
    """A group is complete with its end key, at a number of keys, or when none follows for a while: the machine's timer says that.

    Args:
        most: keys, without the end key.
        end: the key that ends a group, and is none of it; empty for none.
        ms: how long to wait for the next one.
    """

    def __init__(self, most: int, end: str, ms: int) -> None:
        self._usual = (most, end, ms)
        self._pressed = ""
        self.collect(most, end, ms)

    def collect(self, most: int, end: str, ms: int) -> None:
        """Otherwise for the next group."""
        self._most, self._end, self.ms = most, end, ms

    def press(self, key: str) -> bool:
        """Take a key. Returns whether the group is complete. Next: `take` then."""
        if key != self._end:
            self._pressed += key
        return key == self._end or len(self._pressed) >= self._most

    def take(self) -> str:
        """The group as it is; empty if nothing but the end key was pressed. What comes next is another, collected as usual."""
        pressed, self._pressed = self._pressed, ""
        self.collect(*self._usual)
        return pressed
