"""A FreeSWITCH stand-in, and a caller from a script."""
