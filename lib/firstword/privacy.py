"""Who on this machine may read what. [standard library only]"""

from __future__ import annotations

from pathlib import Path


def readable_by_all(path: Path) -> bool:
    """Whether any user of this machine can read `path`, the folders above it considered. False if it is not there."""
    try:
        return bool(path.stat().st_mode & 0o004) and all(
            above.stat().st_mode & 0o001 for above in path.resolve().parents
        )
    except OSError:
        return False
