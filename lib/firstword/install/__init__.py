"""``sudo ./install.sh`` on a FreeSWITCH host. Needs nothing but Python's standard library: it runs before any environment exists."""
