"""What a switch holds that a call may leave behind: channels, threads, descriptors, files. Looked at from outside, through ``/proc``."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .instance import Instance

KINDS = ("channels", "threads of firstword", "threads", "descriptors", "polls", "files")
AT_ONCE = tuple(kind for kind in KINDS if kind not in ("threads", "polls"))
"""What is gone when the call is. The switch keeps its own threads for the next call, for five seconds; and for as long the epoll of each
connection to its event socket, which is how all this is asked."""
FOLDERS = ("run", "temp", "storage", "cache")
"""Where calls put things that they must take away again."""
POLL = "anon_inode:[eventpoll]"
ROUSE = "anon_inode:[eventfd]"
OF_ALL_CALLS = {"media-clock", "sockets", "token-keeper", "fallback", "phrases"}
"""Threads that no call owns."""
OF_THE_SWITCH = re.compile(r"/db/|/sqlite|^/dev/|^/log/")
"""Descriptors that come and go with its own work."""


@dataclass(frozen=True)
class Holdings:
    """One look. Names are kept, so that a difference says what it is."""

    things: dict[str, Counter[str]]
    """By kind, see `KINDS`."""
    warm: int
    """TCP connections to services. One that is idle is kept for the next call, and the eventfd that rouses it; and that of their thread."""

    @property
    def channels(self) -> int:
        return self.things["channels"].total()

    def beyond(self, before: Holdings, kinds: tuple[str, ...] = KINDS) -> dict[str, Counter[str]]:
        """What is there now and was not `before`, by kind; kinds without any are left out."""
        more = {kind: self.things[kind] - before.things[kind] for kind in kinds}
        return {kind: names for kind, names in more.items() if names}


def holdings(switch: Instance) -> Holdings:
    """What `switch` holds now. Raises HostError if it does not answer."""
    channels = json.loads(switch.api("show channels as json")).get("rows", ())
    status = switch.api("python voicebot status")
    descriptors, warm = _descriptors(switch)
    connections = sum(map(int, re.findall(r"(\d+) connections", status)))
    descriptors[ROUSE] = max(0, descriptors[ROUSE] - connections - (connections > 0))
    names = [task.name for task in Path(f"/proc/{switch.pid}/task").iterdir()]
    files = [str(path.relative_to(switch.folder)) for name in FOLDERS for path in (switch.folder / name).rglob("*")]
    return Holdings(
        {
            "channels": Counter(row["uuid"] for row in channels),
            "threads of firstword": _threads_of_calls(status),
            "threads": Counter({"thread": len(names)}),
            "descriptors": descriptors,
            "polls": Counter({POLL: descriptors.pop(POLL, 0)}),
            "files": Counter(files),
        },
        warm,
    )


def _threads_of_calls(status: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for names in re.findall(r"\d+ threads \(([^)]*)\)", status):
        for job, _, count in (name.partition(" ") for name in names.split(", ")):
            if job not in OF_ALL_CALLS:
                found[job] += int(count or 1)
    return found


def _descriptors(switch: Instance) -> tuple[Counter[str], int]:
    """All but those of the switch's own work and of its event socket; TCP connections apart."""
    sockets = _sockets(switch.pid)
    found: Counter[str] = Counter()
    warm = 0
    for link in Path(f"/proc/{switch.pid}/fd").iterdir():
        try:
            name = str(link.readlink())
        except OSError:
            continue  # closed meanwhile
        kind, _, inode = name.partition(":[")
        if kind == "socket":
            protocol, port = sockets.get(inode.rstrip("]"), ("other", 0))
            if protocol == "TCP":
                warm += port != switch.ports.events
                continue
            name = f"a socket, {protocol}"
        elif kind == "pipe":
            name = "a pipe without a name"
        elif OF_THE_SWITCH.search(name.removeprefix(str(switch.folder))):
            continue
        found[name] += 1
    return found, warm


def _sockets(pid: int) -> dict[str, tuple[str, int]]:
    """By inode: the protocol, and the local port."""
    found = {}
    for table, protocol in (("tcp", "TCP"), ("tcp6", "TCP"), ("udp", "UDP"), ("udp6", "UDP")):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            _, local, _, _, _, _, _, _, _, inode, *_ = line.split()
            found[inode] = (protocol, int(local.rpartition(":")[2], 16))
    return found
