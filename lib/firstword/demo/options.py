"""``python -m firstword.demo.options OPTIONS``: are these options of ``firstword demo``? Asked before its engines, a large download, come.

Ends with 0 if they are, else with 2 and a line that says which is not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import command


def main(options: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="firstword demo")
    command.register(parser)
    parser.parse_args(options)


if __name__ == "__main__":
    main(sys.argv[1:])
