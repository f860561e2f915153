"""The phone on loopback and the load, without a FreeSWITCH: a small switch of the tests stands in."""
