"""Sound: pure arithmetic on samples, and the two files that touch pipes (`fifo`, `media_clock`)."""
