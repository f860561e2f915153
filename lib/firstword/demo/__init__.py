"""``firstword demo``: a whole spoken call on this machine, and the page that shows it."""
