"""New code for new calls, while running calls keep theirs: a copy of the library, changed under a simulated switch that runs it.

Each story has a process of its own, for what it imports stays imported.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIB = ROOT / "lib" / "firstword"
RENEWED = ("audio", "call", "host", "net", "providers", "speech", "text")
"""The folders that the switch imports."""

KEPT_KIB = 300
"""An edition is 2 MB. Caches of `typing` keep the classes of some eighty ended ones, and then no more: 28 MB after a hundred reloads."""

STAGE = """
import gc, json, os, sys, threading
from pathlib import Path
from firstword import threads
from firstword.clock import SYSTEM
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.sim.stage import Place, Stage, configuration

LIB, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])
told = {}

def change(file, old, new):
    path = LIB / file
    text = path.read_text()
    assert old in text, (file, old)
    path.write_text(text.replace(old, new))

def until(condition, seconds=20):
    deadline = SYSTEM.deadline(seconds)
    while not condition():
        assert not deadline.passed(), "waited in vain"
        SYSTEM.sleep(0.01)

def editions():
    return sorted({name.partition(".")[0] for name in sys.modules if name.startswith("firstword")})

def running():
    return sorted(thread.name for thread in threading.enumerate() if thread.name != "ticker")  # that one is the switch's

gateway = Gateway(GatewayOptions(byte_ms=20), mind=ScriptedMind(["好的。"]))

def configured():
    # The threads are counted: spares would stay for a while after a call, and whoever renews the token longer.
    without = {"spares": 0, "token": gateway.token()}
    return configuration(Place.of(gateway), {"vad": "level", "greeting": "您好"}, asr=without, tts=without)

with gateway, Stage(FOLDER, configured(), faithful=FAITHFUL) as stage:
    def ask(command):
        return stage.switch.api("python voicebot " + command)

    def begin():
        call = stage.switch.call("voicebot default")
        until(lambda: "listening" in ask("call " + call.uuid) or call.done.is_set())
        return call

    def end(call):
        call.hang_up()
        assert call.wait(10)
        return stage.record(call.uuid)

STORY
print(json.dumps(told))
"""


def tell(tmp_path: Path, story: str, faithful: bool = False) -> Any:
    """Run a story on a fresh copy of the library. Returns what it wrote into `told`."""
    library = tmp_path / "lib" / "firstword"
    shutil.copytree(LIB, library)
    shutil.copytree(ROOT / "fs_scripts", tmp_path / "fs_scripts", ignore=shutil.ignore_patterns("__pycache__"))
    program = STAGE.replace("FAITHFUL", str(faithful)).replace("STORY", textwrap.indent(textwrap.dedent(story), "    "))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(library), str(tmp_path / "switch")],
        env={
            **os.environ,
            "PYTHONPATH": str(library.parent),
            "FIRSTWORD_LIB": str(library.parent),
            "OPENBLAS_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("faithful", [False, True], ids=["", "with the stacks of the switch"])
def test_a_running_call_keeps_its_code_and_the_next_has_the_new(tmp_path: Path, faithful: bool) -> None:
    told = tell(
        tmp_path,
        """
        old = begin()
        change("call/call.py", "counters.underruns", "news.CODE")
        change("call/call.py", "from .dialogue import", "from . import news\\nfrom .dialogue import")
        (LIB / "call/news.py").write_text("CODE = 'new code'")
        change("providers/aliyun/asr.py", 'self.name = "aliyun asr"', 'self.name = "new asr"')
        told["reload"] = ask("reload")
        new = begin()
        told["calls"] = ask("calls").splitlines()[1:]
        told["levels"] = ask("levels").splitlines()[1:]
        told["status"] = ask("status")
        told["say"] = ask(f"say {old.uuid} 请稍等"), ask(f"say {old.uuid}"), ask(f"call {old.uuid}").splitlines()[1]
        told["uuids"] = [old.uuid, new.uuid]
        records = [end(call) for call in (old, new)]
        told["code"] = [record["audio"]["underruns"] for record in records]
        told["asr"] = [record["providers"]["asr"] for record in records]
        until(lambda: running().count("media-clock") == 1)
        told["left"] = editions(), ask("status").count("until its calls have ended")
        told["ended"] = sum(" ended: hangup" in line for _, line in stage.switch.log)
        told["errors"] = [line for level, line in stage.switch.log if level in ("err", "warning")]
        """,
        faithful,
    )
    assert told["reload"] == "+OK reloaded: configuration and code; 1 calls go on with the old\n"
    assert told["code"] == [0, "new code"]
    assert told["asr"] == ["aliyun asr", "new asr"]
    assert told["ended"] == 2
    assert [line.split()[0] for line in told["calls"]] == told["uuids"]
    assert [line.split()[0] for line in told["levels"][::2]] == told["uuids"]
    assert "calls: 2 now" in told["status"]
    held = (
        r"\nfirstword_2 \S+: 1 calls, \d+ threads \(call, media-clock[^)]*\), [1-9]\d* connections, media clock running"
    )
    assert re.search(held, told["status"]), told["status"]
    assert "\nfirstword_2 " in told["status"] and "until its calls have ended: firstword " in told["status"]
    assert told["say"][0] == "+OK\n"
    assert told["say"][1] == "-ERR say takes UUID TEXT\n"
    assert told["say"][2].split()[0] == told["uuids"][0]
    assert told["left"] == [["firstword", "firstword_2"], 0]
    assert told["errors"] == []


def test_unchanged_code_is_not_imported_again_and_the_configuration_is_new(tmp_path: Path) -> None:
    told = tell(
        tmp_path,
        """
        stage.switch.configuration = stage.switch.configuration.replace('"default"', '"sales"')
        told["reload"] = ask("reload")
        told["editions"] = editions()
        told["profiles"] = ask("status")
        """,
    )
    assert told["reload"] == "+OK reloaded: configuration\n"
    assert told["editions"] == ["firstword"]
    assert "profiles: sales; reloaded 1 times" in told["profiles"]


REFUSALS = {
    "a SyntaxError": (
        'change("turn/machine.py", "from __future__", "from from")',
        "SyntaxError: invalid syntax (machine.py, line ",
    ),
    "a module that is missing": (
        'change("host/edition.py", "from ..clock import Clock", "from ..clocks import Clock")',
        "ModuleNotFoundError: No module named 'firstword_2.clocks'",
    ),
    "code that leaves": (
        'change("call/reply.py", "log = ", "raise SystemExit(1); log = ")',
        "the new code ended the thread",
    ),
    "a service that lacks its key": (
        'stage.switch.configuration = stage.switch.configuration.replace("<services>", "<services><!-- -->")'
        '.replace(gateway.appkey, "env:NO_SUCH_KEY", 1)',
        "profile 'default': service 'asr': appkey: the environment variable NO_SUCH_KEY is not set",
    ),
    "a judge of speech that is not there": (
        "stage.switch.configuration = stage.switch.configuration.replace('\"level\"', '\"silero:7\"')",
        "profile 'default': vad 'silero:7'",
    ),
    "code of another protocol": (
        'change("host/seat.py", "PROTOCOL = 2", "PROTOCOL = 1000")',
        "the new code does not fit what the switch holds: restart the switch",
    ),
    "code that takes for ever": (
        'change("host/renewal.py", "BOUND_S = 30.0", "BOUND_S = 30.0\\nimport time; time.sleep(2)"); '
        "renewal.renew.__defaults__ = (0.2,)",
        "it took longer than 0 s",
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_can_not_be_is_refused_in_one_line_and_the_old_stays(tmp_path: Path, refusal: str) -> None:
    act, why = REFUSALS[refusal]
    told = tell(
        tmp_path,
        f"""
        from firstword.host import renewal
        threads_before = running()
        {act}
        told["answer"] = ask("reload")
        told["record"] = end(begin())
        until(lambda: running() == threads_before and editions() == ["firstword"])
        told["status"] = ask("status")
        """,
    )
    assert told["answer"].startswith(f"-ERR {why}")
    assert told["answer"].endswith("; what was in force stays\n")
    assert told["answer"].count("\n") == 1
    assert told["record"]["ended_by"] == "caller"
    assert "reloaded 0 times" in told["status"]


def test_of_two_reloads_at_once_one_is_refused_and_after_a_mended_mistake_the_next_is_taken(tmp_path: Path) -> None:
    told = tell(
        tmp_path,
        """
        change("host/renewal.py", "BOUND_S = 30.0", "BOUND_S = 30.0\\nimport time; time.sleep(1)")
        answers = []
        asking = [threads.spawn("ask", lambda: answers.append(ask("reload"))) for _ in range(2)]
        threads.join(asking, 20)
        told["answers"] = sorted(answers)
        change("turn/machine.py", "from __future__", "from from")
        told["broken"] = ask("reload")
        change("turn/machine.py", "from from", "from __future__")
        change("call/call.py", "counters.underruns", '"new code"')
        told["mended"] = ask("reload")
        told["code"] = end(begin())["audio"]["underruns"]
        """,
    )
    assert told["answers"] == [
        "+OK reloaded: configuration and code\n",
        "-ERR another reload is under way; what was in force stays\n",
    ]
    assert told["broken"].startswith("-ERR SyntaxError")
    assert told["mended"] == "+OK reloaded: configuration and code\n"
    assert told["code"] == "new code"


def test_twenty_reloads_leave_no_thread_no_descriptor_no_module_and_no_memory(tmp_path: Path) -> None:
    told = tell(
        tmp_path,
        """
        def here():
            gc.collect()
            return {
                "threads": running(),
                "modules": len(sys.modules),
                "descriptors": len(os.listdir("/proc/self/fd")),
                "kib": int(Path("/proc/self/statm").read_text().split()[1]) * 4,
                "classes": sum(1 for found in gc.get_objects() if type(found) is type and found.__name__ == "Edition"),
            }

        for turn in range(25):
            call = begin() if turn % 10 == 0 else None
            os.utime(LIB / "turn/machine.py", (turn, turn))
            assert ask("reload").startswith("+OK reloaded: configuration and code")
            if call:
                end(call)
            if turn == 4:
                SYSTEM.sleep(0.5)
                told["before"] = here()
        SYSTEM.sleep(0.5)
        told["after"] = here()
        """,
    )
    before, after = told["before"], told["after"]
    assert after["threads"] == before["threads"]
    assert after["threads"].count("media-clock") == 1
    assert after["modules"] == before["modules"]
    assert after["descriptors"] <= before["descriptors"]
    assert after["classes"] <= before["classes"]
    assert after["kib"] - before["kib"] < 20 * KEPT_KIB


def test_the_library_imports_itself_by_relative_names_only() -> None:
    for path in (*LIB.glob("*.py"), *(path for folder in RENEWED for path in (LIB / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert not [name for name in names if name.partition(".")[0] == "firstword"], path
