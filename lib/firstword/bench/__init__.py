"""Measurements as commands: ``firstword bench NAME``. Each prints its rows, can write them as JSON, and fails if a goal is missed."""
