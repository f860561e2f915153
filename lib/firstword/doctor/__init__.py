"""``firstword doctor``: what an operator asks before the first call, outside of a switch."""
