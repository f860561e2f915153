"""Sound: pure arithmetic on samples, and what touches pipes and waits (`fifo`, `line`, `media_clock`)."""
