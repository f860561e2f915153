"""What the tools are held to: no thread and no descriptor stays behind."""

from __future__ import annotations

from net.conftest import nothing_left_over

__all__ = ["nothing_left_over"]
