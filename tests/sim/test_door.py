"""The door between FreeSWITCH and the library, as the switch runs it: in an interpreter that knows nothing of firstword."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOOR = ROOT / "fs_scripts" / "voicebot.py"

SERVICE = """
    def handle(session, args): session.setVariable("handled", args)
    def console(stream, args): stream.write(f"console {args}")
    def startup(args): print(f"started {args}")
"""
SWITCH = """
    import importlib, sys
    class Session(dict):
        setVariable = dict.__setitem__
    class Stream(list):
        write = list.append
    sys.path.insert(0, {scripts!r})
    for _ in range(3):  # mod_python3 imports and reloads on every call
        door = importlib.reload(importlib.import_module("voicebot"))
    session, stream = Session(), Stream()
    try:
        door.handler(session, "demo")
    except ModuleNotFoundError as error:
        print(error)
    print(dict(session))
    if "handled" in session:
        door.fsapi("na", stream, None, "status")
        door.runtime("now")
        print(stream, sys.path.count({lib!r}))
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A folder of scripts with the door in it, and beside it a library that is only a stub of the service."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "voicebot.py").write_bytes(DOOR.read_bytes())
    host = tmp_path / "lib" / "firstword" / "host"
    host.mkdir(parents=True)
    for folder in (host.parent, host):
        (folder / "__init__.py").touch()
    (host / "service.py").write_text(textwrap.dedent(SERVICE))
    return tmp_path / "scripts"


def run(scripts: Path, story: str = SWITCH, sites: Sequence[str] = (), **environment: str) -> list[str]:
    lib = str(scripts.parent / "lib")
    program = textwrap.dedent(story).format(scripts=str(scripts), lib=lib, sites=list(sites))
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "FIRSTWORD_LIB")}
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env=outside | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


DISTRIBUTION = """
    import importlib, sys, threading
    sys.path.insert(0, {scripts!r})
    standard = sys.path[-1]
    sys.path += {sites!r}
    together = threading.Barrier(8)
    def call():
        together.wait()
        importlib.reload(importlib.import_module("voicebot"))
    calls = [threading.Thread(target=call) for _ in range(8)]
    for thread in calls: thread.start()
    for thread in calls: thread.join()
    import parcel, json
    print(parcel.VERSION, json.__file__)
    print(*sys.path[sys.path.index(standard) + 1:], sep="\\n")
"""


WORKS = ["{'firstword_result': 'error', 'handled': 'demo'}", "started now", "['console status'] 1"]


def test_the_library_is_found_by_the_environment(scripts: Path) -> None:
    assert run(scripts, FIRSTWORD_LIB=f"/nowhere:{scripts.parent / 'lib'}") == WORKS


def test_the_library_is_found_by_what_the_installer_wrote_beside_the_door(scripts: Path) -> None:
    (scripts / "voicebot.path").write_text(f"/nowhere\n{scripts.parent / 'lib'}\n")
    assert run(scripts) == WORKS


def test_a_virtual_environment_is_read_with_its_pth_files(scripts: Path) -> None:
    (scripts.parent / "site-packages").mkdir()
    (scripts.parent / "site-packages" / "editable.pth").write_text(f"{scripts.parent / 'lib'}\n")
    assert run(scripts, FIRSTWORD_LIB=str(scripts.parent / "site-packages")) == WORKS


@pytest.mark.parametrize("beside", [True, False], ids=["voicebot.path", "FIRSTWORD_LIB"])
def test_the_environments_packages_come_before_the_distributions_and_after_pythons_own(
    scripts: Path, beside: bool
) -> None:
    packages, lib = scripts.parent / "venv/lib/python3.11/site-packages", scripts.parent / "lib"
    old, local = scripts.parent / "python3/dist-packages", scripts.parent / "local/dist-packages"
    for folder, version in ((packages, "2.8"), (old, "1.26")):
        folder.mkdir(parents=True)
        (folder / "parcel.py").write_text(f"VERSION = {version}")
    (packages / "json.py").write_text("raise ImportError('a package hides what is Python's own')")
    (packages / "more.pth").write_text(f"{scripts.parent}\n")
    folders = f"{lib}:{packages}"
    (scripts / "voicebot.path").write_text(folders.replace(":", "\n") if beside else "/nowhere")
    environment = {} if beside else {"FIRSTWORD_LIB": folders}
    version, *order = run(scripts, DISTRIBUTION, ["/opt/his", str(local), str(old), "/last"], **environment)
    assert version.startswith("2.8 ")
    assert order == ["/opt/his", str(lib), str(packages), str(scripts.parent), str(local), str(old), "/last"]


def test_without_the_library_the_dialplan_is_told_before_the_exception_leaves(scripts: Path) -> None:
    assert run(scripts) == ["No module named 'firstword'", "{'firstword_result': 'error'}"]


def test_the_example_configurations_are_xml_and_call_the_door() -> None:
    startup = ET.parse(ROOT / "conf/autoload_configs/python.conf.xml").find(".//param[@name='startup-script']")
    assert startup is not None
    assert startup.get("value") == DOOR.stem
    python = ET.parse(ROOT / "conf/dialplan/voicebot.xml").find(".//action[@application='python']")
    assert python is not None
    assert str(python.get("data")).split() == [DOOR.stem, "default"]
