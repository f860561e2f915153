"""The door between FreeSWITCH and firstword.

    <action application="python" data="voicebot PROFILE"/>      in the dialplan
    python voicebot help                                        in fs_cli
    <param name="startup-script" value="voicebot"/>             in python.conf.xml

mod_python3 imports this file and reloads it on every call, two calls perhaps at once; so it keeps nothing. The library is found on the
search path of Python, and in the folders of FIRSTWORD_LIB (separated by ``:``), or else of the file ``voicebot.path`` beside this one (one
to a line), which the installer writes. They are read as site folders: a virtual environment's ``site-packages`` will do. They come after
the standard library and before the distribution's packages, which may be too old.
"""

import os
import pathlib
import site
import sys
from typing import Any

# numpy's BLAS would start a thread for each processor, and they spin: a second beside a busy switch took nine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_beside = pathlib.Path(__file__).with_suffix(".path")
_folders = os.environ.get("FIRSTWORD_LIB") or (
    _beside.read_text().strip().replace("\n", ":") if _beside.exists() else ""
)
_before = list(sys.path)
for _folder in _folders.split(":"):
    if _folder and _folder not in sys.path:
        site.addsitedir(_folder)  # appends, so Debian's dist-packages would hide what is newer here
_added = [_path for _path in sys.path if _path not in _before]
if _added:  # at most one thread is here: an import holds the module's lock, and a reload beside another returns at once
    _sites = [_n for _n, _path in enumerate(_before) if _path.endswith(("/dist-packages", "/site-packages"))]
    _at = _sites[0] if _sites else len(_before)
    sys.path[:] = [*_before[:_at], *_added, *_before[_at:]]


def handler(session: Any, args: str) -> None:
    """A call. The first line is what the dialplan reads if the library can not even be imported."""
    session.setVariable("firstword_result", "error")
    from firstword.host import service

    service.handle(session, args)


def fsapi(session: Any, stream: Any, env: Any, args: str) -> None:
    """A command of fs_cli."""
    from firstword.host import service

    service.console(stream, args)


def runtime(args: str) -> None:
    """The start of the switch: import and prepare now, not in the first caller's ear."""
    from firstword.host import service

    service.startup(args)
