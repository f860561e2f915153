"""``python3 -m firstword.install``."""

import sys

from .command import main

sys.exit(main(sys.argv[1:]))
