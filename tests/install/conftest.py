"""The folders of a switch, an ``fs_cli`` that writes down what it is asked, and a module of a few bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from firstword.errors import HostError
from firstword.install import command, interpreter
from firstword.install.library import Say

VANILLA_PYTHON_CONF = """<configuration name="python.conf" description="PYTHON Configuration">
  <settings>
    <!--<param name="startup-script" value="voicebot"/>-->
  </settings>
</configuration>
"""
MODULES_CONF = """<configuration name="modules.conf" description="Modules">
  <modules>
    <!-- <load module="mod_python3"/> -->
    <load module="mod_lua"/>
  </modules>
</configuration>
"""
FS_CLI = """#!/bin/sh
# fs_cli -P 8022 -x COMMAND
for command; do :; done
echo "$command" >>"$0.asked"
[ ! -e "$0.silent" ] || { echo "[ERROR] fs_cli.c:1 main() Error Connecting []" >&2; exit 255; }
case "$command" in
  "global_getvar script_dir") printf %s "PREFIX/scripts" ;;
  "global_getvar "*) variable=${command#* }; printf %s "PREFIX/${variable%_dir}" ;;
  "module_exists mod_python3") [ -e "$0.loaded" ] && printf true || printf false ;;
  reloadxml) printf '+OK [Success]\\n\\n' ;;
  "python voicebot doctor") cat "$0.doctor" ;;
  "python voicebot "*) echo "firstword answers" ;;
esac
"""
PYTHON = """#!/bin/sh
# The interpreter of the switch's version.
case "$*" in *version_info*) echo "3 11 " ;; *ensurepip*) [ -e "$0.venv" ] ;; esac
"""


def elf(*libraries: str, wide: bool = True, order: str = "<") -> bytes:
    """A shared object that links `libraries` and has nothing else: header, two program headers, dynamic section, strings."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in libraries)
    offsets, at = [], 1
    for name in libraries:
        offsets.append(at)
        at += len(name) + 1
    header, program, entry = (64, 56, struct.Struct(order + "qQ")) if wide else (52, 32, struct.Struct(order + "iI"))
    dynamic = header + 2 * program
    text = dynamic + entry.size * (len(libraries) + 2)
    base = 0x10000  # addresses are not file offsets
    tags = [(1, offset) for offset in offsets] + [(5, base + text), (0, 0)]
    size = text + len(strings)
    if wide:
        segments = [struct.pack(order + "IIQQQQQQ", 1, 5, 0, base, base, size, size, 4096)]
        segments.append(
            struct.pack(order + "IIQQQQQQ", 2, 6, dynamic, base + dynamic, 0, text - dynamic, text - dynamic, 8)
        )
        fields = struct.pack(order + "HHIQQQIHHHHHH", 3, 62, 1, 0, header, 0, 0, header, program, 2, 0, 0, 0)
    else:
        segments = [struct.pack(order + "IIIIIIII", 1, 0, base, base, size, size, 5, 4096)]
        segments.append(
            struct.pack(order + "IIIIIIII", 2, dynamic, base + dynamic, 0, text - dynamic, text - dynamic, 6, 4)
        )
        fields = struct.pack(order + "HHIIIIIHHHHHH", 3, 3, 1, 0, header, 0, 0, header, program, 2, 0, 0, 0)
    identity = b"\x7fELF" + bytes((2 if wide else 1, 1 if order == "<" else 2, 1)) + bytes(9)
    return identity + fields + b"".join(segments) + b"".join(entry.pack(*tag) for tag in tags) + strings


@dataclass
class Done:
    """What a run printed, and how it ended."""

    code: int
    out: str
    err: str

    def files(self, verb: str) -> list[str]:
        """The names of the files it said it did this to."""
        return [Path(line.split()[1]).name for line in self.out.splitlines() if line.startswith(f"   {verb} ")]


@dataclass
class Machine:
    """A host with a FreeSWITCH from source in a prefix, not running unless `start` was called."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    built: list[Path] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    build_fails: bool = False

    def __post_init__(self) -> None:
        self.prefix, self.target = self.folder / "freeswitch", self.folder / "opt" / "firstword"
        self.conf, self.scripts = self.prefix / "conf", self.prefix / "scripts"
        self.fs_cli = self.folder / "fs_cli"
        for name in ("conf/autoload_configs", "conf/dialplan/default", "mod", "scripts", "log", "run"):
            (self.prefix / name).mkdir(parents=True)
        (self.conf / "freeswitch.xml").write_text("<document/>\n")
        (self.conf / "vars.xml").write_text("<include/>\n")
        (self.conf / "autoload_configs/modules.conf.xml").write_text(MODULES_CONF)
        (self.conf / "autoload_configs/python.conf.xml").write_text(VANILLA_PYTHON_CONF)
        (self.conf / "dialplan/default.xml").write_text('<X-PRE-PROCESS cmd="include" data="default/*.xml"/>\n')
        self.module("libc.so.6", "libpython3.11.so.1.0")
        self.program(self.fs_cli, FS_CLI.replace("PREFIX", str(self.prefix)))
        self.silent, self.loaded = Path(f"{self.fs_cli}.silent"), Path(f"{self.fs_cli}.loaded")
        self.doctor = Path(f"{self.fs_cli}.doctor")
        self.doctor.write_text("ok   modules\n")
        self.silent.touch()
        self.python = self.folder / "bin" / "python3.11"
        self.python.parent.mkdir()
        self.program(self.python, PYTHON)
        Path(f"{self.python}.venv").touch()

    @staticmethod
    def program(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def module(self, *libraries: str) -> None:
        (self.prefix / "mod/mod_python3.so").write_bytes(elf(*libraries))

    def start(self) -> None:
        """The switch runs, with mod_python3 loaded now and at the next start."""
        self.silent.unlink(missing_ok=True)
        self.loaded.touch()
        path = self.conf / "autoload_configs/modules.conf.xml"
        path.write_text(
            path.read_text().replace('<!-- <load module="mod_python3"/> -->', '<load module="mod_python3"/>')
        )

    def asked(self) -> list[str]:
        """What the switch was asked, without what everyone asks first."""
        path = Path(f"{self.fs_cli}.asked")
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in lines if not line.startswith(("global_getvar", "module_exists"))]

    def build(self, python: Path, venv: Path, checkout: Path, say: Say) -> None:
        self.built.append(python)
        (venv / "bin").mkdir(parents=True, exist_ok=True)
        if self.build_fails:
            raise HostError("pip failed")
        (venv / "lib/python3.11/site-packages").mkdir(parents=True, exist_ok=True)
        self.program(venv / "bin/python", "#!/bin/sh\nexit 0\n")

    def apt_install(self, packages: list[str]) -> bool:
        self.packages += packages
        return False

    def run(self, *options: str) -> Done:
        """``./install.sh OPTIONS`` on this host."""
        argv = [
            "--freeswitch",
            str(self.prefix),
            "--prefix",
            str(self.target),
            "--fs-cli",
            f"{self.fs_cli} -P 8022",
            *options,
        ]
        return self.run_bare(*argv)

    def run_bare(self, *argv: str) -> Done:
        self.capsys.readouterr()
        code = command.main(argv, self.build, self.apt_install)
        out, err = self.capsys.readouterr()
        return Done(code, out, err)

    def tree(self, *folders: Path) -> dict[str, tuple[int, int, str]]:
        """Each path below `folders` (all of the machine if none) with its mode, its time of change and its content."""
        found = {}
        for folder in folders or (self.prefix, self.folder / "opt"):
            for path in sorted(folder.rglob("*")):
                status = path.lstat()
                content = path.read_bytes().decode(errors="replace") if path.is_file() else ""
                found[str(path)] = (status.st_mode, 0 if path.is_dir() else status.st_mtime_ns, content)
        return found


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    made = Machine(tmp_path, capsys)
    monkeypatch.setattr(interpreter, "_PLACES", (str(made.python.parent),))
    mask = os.umask(0o022)
    yield made
    os.umask(mask)
