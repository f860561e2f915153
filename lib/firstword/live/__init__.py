"""A real FreeSWITCH on this machine, and callers of it."""
