"""The stacks and the recursion limit of FreeSWITCH, in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BOT = """
import ctypes, sys, threading
import freeswitch

def stack_bytes():
    libc, attributes = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    size = ctypes.c_size_t()
    libc.pthread_self.restype = ctypes.c_ulong
    libc.pthread_getattr_np(ctypes.c_ulong(libc.pthread_self()), attributes)
    libc.pthread_attr_getstacksize(attributes, ctypes.byref(size))
    return size.value

def depth(n=1):
    try:
        return depth(n + 1)
    except RecursionError:
        return n

def handler(session, args):
    found = {"limit": sys.getrecursionlimit(), "depth": depth(), "session": stack_bytes()}
    def look(name):
        found[name] = stack_bytes()
    plain = threading.Thread(target=look, args=("plain",))
    plain.start()
    plain.join()
    from firstword.threads import join, spawn
    join([spawn("ours", lambda: look("ours"), "test")], 5)
    import json
    session.setVariable("found", json.dumps(found))
"""
PROGRAM = """
import json, sys, threading
from pathlib import Path
from firstword.sim.switch import SimSwitch
folder = Path(sys.argv[1])
before = sys.getrecursionlimit(), threading.stack_size()
with SimSwitch(folder, folder / "switch", faithful=True) as switch:
    calls = [switch.call("bot")]  # alone: the stack of new threads is the interpreter's, and others would be setting it
    assert calls[0].wait(10)
    calls += [switch.call("bot") for _ in range(4)]
    assert all(call.wait(10) for call in calls)
assert [call.error for call in calls] == [""] * 5, calls[0].error
assert (sys.getrecursionlimit(), threading.stack_size()) == before
print(calls[0].variables["found"])
"""


def test_session_threads_have_240_kib_and_the_interpreter_240_frames(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(BOT)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["limit"] == 240
    assert 220 < found["depth"] < 240, "the simulator's own frames are few"
    assert found["session"] == found["plain"] == 240 * 1024
    assert found["ours"] == 1 << 20, "threads.spawn gives its own threads more"
