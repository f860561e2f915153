"""New code for new calls, while running calls keep theirs.

mod_python3 never unloads, and what Python has imported stays in `sys.modules`. So a reload imports the library once more, from the same
folder, *under another name*: ``firstword_2``, then ``firstword_3``. All its imports of itself are relative, so each edition is closed in
itself: its classes, its registry, its sockets' thread, also what it imports late. Until the last step nothing of the old one has changed;
what can go wrong (a SyntaxError, a missing package, a refused configuration, a missing key) goes wrong before, and leaves nothing behind.
The last step is one assignment, in `seat.Seat.take`.

* Code is imported anew when one of its files has changed: another size, another time. Otherwise the same code makes another edition.
* The import has a thread of its own, for the switch's have 240 KiB of stack. It shares the interpreter with the calls as every thread does:
  150 ms of work.
* What stays until the switch is restarted: the first edition's modules (the `seat` is among them), other packages (numpy, requests) and
  the interpreter. The door in fs_scripts is new with every call anyway.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
import threading
from pathlib import Path
from types import ModuleType

from ..errors import ConfigError, FirstwordError, HostError, one_line
from ..threads import spawn
from .seat import Edition, Seat

log = logging.getLogger("firstword.host")

Sources = frozenset[tuple[str, int, int]]

PACKAGE = __name__.partition(".")[0]
FOLDER = Path(__file__).parents[1]
BOUND_S = 30.0
"""How long a reload may take. Importing is 150 ms of work, which a hundred calls stretch to seconds."""


_seen: dict[str, tuple[int, int]] = {}


def sources() -> Sources:
    """The files of this code, as they were when they were imported: those that have been by now. Any thread."""
    for module, found in tuple(sys.modules.items()):
        path = getattr(found, "__file__", None)
        if path and path not in _seen and module.partition(".")[0] == PACKAGE:
            _seen.setdefault(path, _look(path))
    return frozenset((path, *look) for path, look in tuple(_seen.items()))


def changed(files: Sources) -> bool:
    """Whether one of them is another now."""
    return any(_look(path) != (size, time) for path, size, time in files)


def _look(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except OSError:
        return (-1, 0)  # it is gone: that is a change too
    return (found.st_size, found.st_mtime_ns)


def renew(seat: Seat, seconds: float = BOUND_S) -> str:
    """Make another edition of what is on the disk and in the switch's configuration now, and let it take office. Any thread; waits.

    Returns what is new.

    Raises:
        ConfigError: why not; the old one stays. Also if another reload is under way.
    """
    if not seat.renewing.acquire(blocking=False):
        raise ConfigError("another reload is under way")
    attempt = _Attempt(seat)
    try:
        spawn("reload", attempt.run)
        seat.take(attempt.result(seconds))
        seat.reloads += 1
    finally:
        attempt.let_go()
    what = "configuration and code" if attempt.imported else "configuration"
    log.info("reloaded: %s", what)
    return what


class _Attempt:
    """One reload: made on a thread of its own, and given up by who waits for it. Holds `Seat.renewing` until both have done with it."""

    def __init__(self, seat: Seat) -> None:
        self.imported = False
        self._seat = seat
        self._lock = threading.Lock()  # _edition, _given_up
        self._over = threading.Event()
        self._edition: Edition | None = None
        self._error = "the new code ended the thread that imported it"
        self._given_up = False

    # -- its thread --------------------------------------------------------------------------------------------------

    def run(self) -> None:
        edition = None
        try:
            edition = self._open()
        except Exception as error:  # the door: whatever new code does wrong, the old goes on
            self._error = _said(error)
            log.debug("the reload was refused", exc_info=True)
        finally:
            with self._lock:
                self._edition = edition
                self._over.set()
                abandoned = self._given_up
            if abandoned:
                if edition is not None:
                    edition.close(1.0)
                    self._seat.forget(edition.name)
                self._seat.renewing.release()

    def _open(self) -> Edition:
        """An edition that could take office this moment: its services are made, its clock runs."""
        seat = self._seat
        current = seat.occupied
        if current is not None and not changed(current.sources):
            return _ready(seat, current.name)
        seat.imports += 1
        self.imported = True
        name = f"{seat.package}_{seat.imports}"
        try:
            _import(name)
            return _ready(seat, name)
        except BaseException:
            seat.forget(name)
            raise

    # -- who waits ---------------------------------------------------------------------------------------------------

    def result(self, seconds: float) -> Edition:
        self._over.wait(seconds)
        with self._lock:
            self._given_up = not self._over.is_set()
        if self._given_up:
            raise ConfigError(f"it took longer than {seconds:.0f} s")
        if self._edition is None:
            raise ConfigError(self._error)
        return self._edition

    def let_go(self) -> None:
        """Another reload may begin, now or when the thread has ended."""
        if not self._given_up:
            self._seat.renewing.release()


def _import(name: str) -> None:
    """The library's package, as `name`; the rest follows by its own imports."""
    importlib.invalidate_caches()  # or new files in a folder already listed would not be found
    spec = importlib.util.spec_from_file_location(
        name, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    if spec is None or spec.loader is None:
        raise HostError(f"there is no package in {FOLDER}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)


def _ready(seat: Seat, name: str) -> Edition:
    module: ModuleType = importlib.import_module(f"{name}.host.edition")
    if seat.protocol != module.PROTOCOL:
        raise HostError("the new code does not fit what the switch holds: restart the switch")
    edition: Edition = module.ready(seat)
    return edition


def _said(error: Exception) -> str:
    """One line. The classes of another edition's errors are not ours, but have the same names."""
    if any(kind.__name__ == FirstwordError.__name__ for kind in type(error).__mro__):
        return str(error)
    return one_line(error)
