"""Tests of the stand-in: every hurt has its story."""
