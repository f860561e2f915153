"""A telephone caller talks with a language model and hears the first word while the rest is still being written."""

__version__ = "0.1.0"
