"""One call: the thread that runs the turn machine, its replies, its history and its record."""
