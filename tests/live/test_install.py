"""``sudo ./install.sh`` on a FreeSWITCH that is set up as it comes: installed, called through the example dialplan, taken away again.

The vanilla configuration is copied, told to stay on loopback, and run; the installation that it was found in is not touched.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword.errors import HostError
from firstword.install import interpreter, library
from firstword.live.configuration import MODULES
from firstword.live.find import Installation
from firstword.live.instance import free_port
from firstword.live.phone import Phone
from firstword.live.process import SwitchProcess
from firstword.sim.caller import converse
from firstword.sim.gateway_process import GatewayProcess
from firstword.sim.script import Say, Script, WaitFor
from firstword.sim.stage import configuration

from .conftest import BYTE_MS, until

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]
CHECKOUT = Path(__file__).parents[2]
PASSWORD = "ClueCon"
VANILLA = ("conf", "share/freeswitch/conf/vanilla")
VANILLA_PASSWORD = "default_password=1234"
INSTALL_S = 300.0
"""With its downloads."""
SILENCE = WaitFor("silence", silence=0.5)


class Host(SwitchProcess):
    """A FreeSWITCH in a prefix of its own with the vanilla configuration, as `stay_here` changes it, and what an operator does there."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.sip, self.port = free_port(), free_port()
        self.conf, self.scripts, self.target = folder / "conf", folder / "scripts", folder.parent / "opt/firstword"
        self.checkout = folder.parent / "checkout"
        """A copy: somebody may be writing in the other."""
        super().__init__(
            installation, folder, scripts=self.scripts, events=self.port, password=PASSWORD, profile="internal"
        )

    def install(self, *options: str) -> tuple[int, str]:
        """``./install.sh OPTIONS`` for this host: exit code, and what it said."""
        cli = f"{shlex.quote(str(self.installation.fs_cli))} -H 127.0.0.1 -P {self.port} -p {PASSWORD}"
        places = ["--freeswitch", str(self.folder), "--prefix", str(self.target), "--fs-cli", cli]
        done = subprocess.run(
            [str(self.checkout / "install.sh"), *places, *options],
            check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=INSTALL_S,
            encoding="utf-8", cwd=self.folder, env={**os.environ, "TMPDIR": str(self.folder / "temp")},
        )  # fmt: skip
        assert PASSWORD not in done.stdout
        return done.returncode, done.stdout

    def tree(self) -> dict[str, tuple[int, str]]:
        """Mode and content of everything that is not the switch's own to write."""
        found = {}
        for folder in (self.conf, self.scripts, self.target.parent):
            for path in [folder, *folder.rglob("*")] if folder.exists() else []:
                if "venv" in path.parts:
                    continue
                content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
                found[str(path.relative_to(self.folder.parent))] = (path.lstat().st_mode, content)
        return found

    def edit(self, name: str, *changes: tuple[str, str]) -> None:
        """Change a file of the configuration: regular expressions, each of which must be found."""
        path = self.conf / name
        text = path.read_text()
        for pattern, new in changes:
            text, count = re.subn(pattern, lambda _, new=new: new, text, flags=re.DOTALL)
            assert count, f"{name}: {pattern}"
        path.write_text(text)

    def call(self, extension: str) -> str:
        """A short talk by SIP and RTP; what the caller heard."""
        with Phone(self.sip, extension) as phone:
            phone.call()
            steps = (SILENCE, Say("查一下订单", BYTE_MS), SILENCE, Say("谢谢，再见", BYTE_MS), WaitFor("end"))
            conversation = converse(phone, Script(steps, byte_ms=BYTE_MS))
        assert conversation.failure == ""
        return conversation.heard_text()


def stay_here(host: Host) -> None:
    """What keeps the vanilla configuration on loopback, on ports of its own and without modules that were not built."""
    here = "127.0.0.1"
    load = "".join(
        f'<load module="{name}"/>' for name in MODULES if host.installation.has(name) and name != "mod_python3"
    )
    host.edit("autoload_configs/modules.conf.xml", (r"<modules>.*</modules>", f"<modules>{load}</modules>"))
    host.edit(
        "autoload_configs/event_socket.conf.xml",
        (r'name="listen-ip" value="[^"]*"', f'name="listen-ip" value="{here}"'),
        (r'name="listen-port" value="[^"]*"', f'name="listen-port" value="{host.port}"'),
    )
    host.edit(
        "vars.xml",
        (r'cmd="stun-set" data="external_(?=rtp)rtp_ip=[^"]*"', f'cmd="set" data="external_rtp_ip={here}"'),
        (r'cmd="stun-set" data="external_(?=sip)sip_ip=[^"]*"', f'cmd="set" data="external_sip_ip={here}"'),
        (r"domain=\$\$\{local_ip_v4\}", f"domain={here}"),
        (r"internal_auth_calls=true", "internal_auth_calls=false"),
        (r"internal_sip_port=\d+", f"internal_sip_port={host.sip}"),
    )
    host.edit(
        "sip_profiles/internal.xml",
        (r"\$\$\{local_ip_v4\}", here),
        (r'name="context" value="public"', 'name="context" value="default"'),
        (r'<param name="(wss?-binding|apply-inbound-acl)"[^>]*>', ""),
    )
    for profile in (host.conf / "sip_profiles").glob("*.xml"):
        if profile.name != "internal.xml":
            profile.unlink()


@pytest.fixture
def host(installation: Installation, tmp_path: Path) -> Iterator[Host]:
    vanilla = next((installation.prefix / name for name in VANILLA if (installation.prefix / name).is_dir()), None)
    if vanilla is None or VANILLA_PASSWORD not in (vanilla / "vars.xml").read_text():
        pytest.skip(f"the FreeSWITCH at {installation.prefix} brings no vanilla configuration, or it was changed")
    version = interpreter.linked(installation.modules / "mod_python3.so")
    lacking = interpreter.lacking(version, interpreter.find(version))
    if lacking:
        pytest.skip(f"not installed: {' '.join(lacking)}")
    reach_packages(tmp_path)
    made = Host(installation, tmp_path / "freeswitch")
    made.scripts.mkdir(parents=True)
    (made.folder / "mod").symlink_to(installation.modules)
    made.conf.mkdir()
    subprocess.run(["cp", "-r", f"{vanilla}/.", str(made.conf)], check=True, timeout=30)
    needed = ["install.sh", *(path.relative_to(CHECKOUT) for path in (CHECKOUT / "conf").rglob("*.xml"))]
    for name in [*library.sources(CHECKOUT), *needed]:
        (made.checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, made.checkout / name)
    stay_here(made)
    with made:
        yield made


def reach_packages(folder: Path) -> None:
    """Skips where pip gets no packages."""
    pip = [sys.executable, "-m", "pip", "download", "--no-input", "--no-deps", "--retries", "1", "--timeout", "10"]
    done = subprocess.run(
        [*pip, "--dest", str(folder / "download"), "certifi"],
        check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"pip gets no packages here: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}")


def test_installed_on_a_vanilla_switch_it_talks_and_taken_away_it_leaves_what_the_operator_changed(
    host: Host, gateway: GatewayProcess
) -> None:
    vanilla = host.tree()

    # Installed; what is missing is named, with the line.
    code, said = host.install()
    assert code == 0, said
    load = '<load module="mod_python3"/>'
    modules = host.conf / "autoload_configs/modules.conf.xml"
    assert f"todo  mod_python3 is not loaded when the switch starts\n         into {modules}: {load}" in said
    assert "todo  the switch runs without mod_python3" in said and "-x 'load mod_python3'" in said
    assert "warn  every call waits ten seconds before it is taken" in said
    assert (host.conf / "autoload_configs/python.conf.xml.new").exists()
    packages = Path((host.scripts / "voicebot.path").read_text().strip())
    assert packages.is_relative_to(host.target) and (packages / "firstword/host/service.py").exists()

    # The operator does as he was told. There is no key yet: a person is called instead.
    host.edit("autoload_configs/modules.conf.xml", ("</modules>", f"{load}</modules>"))
    host.edit("vars.xml", (VANILLA_PASSWORD, "default_password=changed"))
    assert "+OK" in host.api("reloadxml")
    assert "+OK" in host.api("load mod_python3")
    with pytest.raises(HostError, match="refused the call"), Phone(host.sip, "7000") as phone:
        phone.call()
    until(lambda: "bridge(user/1000@" in host.log(), "nobody was called instead")
    assert re.search(r"voicebot: error after 0 turns.* NLS_APPKEY is not set", host.log())

    # His own services; the next run changes nothing, and the switch finds nothing wrong.
    xml = configuration(gateway.place, {"greeting": "您好", "goodbye": "再见", "vad": "level"})
    (host.conf / "autoload_configs/firstword.conf.xml").write_text(xml.replace("><", ">\n<"))
    assert "+OK" in host.api("reloadxml")
    assert "+OK" in host.api("python voicebot reload")
    configured = host.tree()
    code, said = host.install()
    assert code == 0, said
    new = {"conf/autoload_configs/firstword.conf.xml.new"}
    assert {name.removeprefix("freeswitch/") for name in host.tree().keys() - configured.keys()} == new
    assert {name: host.tree()[name] for name in configured if "installed.json" not in name} == {
        name: entry for name, entry in configured.items() if "installed.json" not in name
    }
    findings = [line for line in said.splitlines() if line.startswith(("ok  ", "FAIL"))]
    assert len(findings) > 20, said
    assert [line for line in findings if line.startswith("FAIL") and "clock" not in line] == []
    settled = host.tree()
    assert host.install()[0] == 0
    assert host.tree() == settled

    # A call, by way of Python and of Lua; then the dialplan goes on.
    assert host.call("7000") == "您好查一下订单再见"
    until(lambda: re.search(r"voicebot: completed after 1 turns, first word \d+ ms", host.log()), "no line in the log")
    assert host.call("7001") == "您好查一下订单再见"
    until(lambda: host.log().count("ended: completed") == 2, "the second call's end is not in the log")

    # Taken away.
    code, said = host.install("--uninstall")
    assert code == 0, said
    assert "voicebot" not in host.api("xml_locate dialplan context name default")
    changed = {
        "freeswitch/conf/autoload_configs/firstword.conf.xml",
        "freeswitch/conf/autoload_configs/modules.conf.xml",
        "freeswitch/conf/vars.xml",
    }
    left = host.tree()
    assert {name for name in left.keys() | vanilla.keys() if left.get(name) != vanilla.get(name)} == changed
    assert load in modules.read_text() and "您好" in (host.conf / "autoload_configs/firstword.conf.xml").read_text()
    assert not host.target.parent.exists()
