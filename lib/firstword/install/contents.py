"""What is put into a switch's folders, and what else its configuration must say for it to work."""

from __future__ import annotations

import re
from pathlib import Path

from . import switch
from .files import Item
from .layout import Folders

MODULE_LINE = '<load module="mod_python3"/>'
STARTUP_LINE = '<param name="startup-script" value="voicebot"/>'
INCLUDE_LINE = '<X-PRE-PROCESS cmd="include" data="default/*.xml"/>'


def items(checkout: Path, folders: Folders, packages: Path) -> list[Item]:
    """The files of an installation whose library is in `packages`. Doors first: what names them comes after."""
    scripts, private = _owner(folders.scripts), _private_owner(folders)
    doors = [
        Item(folders.scripts / door.name, door.read_bytes(), 0o644, scripts, ours=True)
        for door in sorted((checkout / "fs_scripts").glob("voicebot.*"))
    ]
    doors.append(Item(folders.scripts / "voicebot.path", f"{packages}\n".encode(), 0o644, scripts, ours=True))
    configuration = (
        ("autoload_configs/firstword.conf.xml", folders.autoload / "firstword.conf.xml", _never),
        ("autoload_configs/python.conf.xml", folders.autoload / "python.conf.xml", starts_voicebot),
        ("dialplan/voicebot.xml", example(folders), _never),
    )
    return doors + [
        Item(target, (checkout / "conf" / name).read_bytes(), 0o640, private, serves=serves)
        for name, target, serves in configuration
    ]


def example(folders: Folders) -> Path:
    """Where the example extension goes: FreeSWITCH's own configuration includes this folder into the context ``default``."""
    return folders.conf / "dialplan" / "default" / "voicebot.xml"


def uncommented(path: Path) -> str:
    """An XML file without its comments; "" if it can not be read. Not parsed: files with pre-processor lines need not be XML."""
    try:
        return _without_comments(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def starts_voicebot(content: bytes) -> bool:
    """Whether a ``python.conf.xml`` already runs the door at the start of the switch."""
    text = _without_comments(content.decode(errors="replace"))
    return any(
        re.search(r"""name\s*=\s*["']startup-script["']""", element)
        and re.search(r"""value\s*=\s*["']voicebot["']""", element)
        for element in re.findall(r"<param\b[^>]*>", text)
    )


def loads_module(folders: Folders) -> bool:
    """Whether ``modules.conf.xml`` loads mod_python3 at the start."""
    return bool(re.search(r"""<load\s[^>]*module\s*=\s*["']mod_python3["']""", uncommented(folders.modules_conf)))


def includes_example(folders: Folders) -> bool:
    """Whether some file of the dialplan includes the folder of the example extension."""
    files = [folders.conf / "freeswitch.xml", *sorted((folders.conf / "dialplan").glob("*.xml"))]
    return any(
        re.search(r"""<X-PRE-PROCESS\s[^>]*data\s*=\s*["'][^"']*\bdefault/\*\.xml["']""", uncommented(file))
        for file in files
    )


def delays_calls(folders: Folders) -> bool:
    """Whether the switch has FreeSWITCH's first password still, for which FreeSWITCH's own dialplan lets every call wait ten seconds."""
    unchanged = re.search(r"""data\s*=\s*["']default_password=1234["']""", uncommented(folders.conf / "vars.xml"))
    waits = re.search(
        r"""["']\$\{default_password\}["']\s+expression\s*=\s*["']\^1234\$["']""",
        uncommented(folders.conf / "dialplan" / "default.xml"),
    )
    return bool(unchanged and waits)


def _never(content: bytes) -> bool:
    return False


def _without_comments(text: str) -> str:
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


def _owner(folder: Path) -> tuple[int, int]:
    """User and group of `folder`, or of the nearest one above it that exists."""
    status = next(path for path in (folder, *folder.parents) if path.exists()).stat()
    return status.st_uid, status.st_gid


def _private_owner(folders: Folders) -> tuple[int, int]:
    """Who owns configuration of mode 0640, so that the switch can read it: the folder's owner, with the switch's group if need be."""
    owner, group = _owner(folders.autoload)
    user, primary = switch.identity(folders)
    return (owner, group) if user in (0, owner) or primary == group else (owner, primary)
