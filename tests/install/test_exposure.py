"""Secrets that others could read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword.install import exposure
from firstword.install.exposure import SECRETS
from firstword.providers import registry

from .conftest import Machine

SECRET = "sk-secret-in-clear"


def test_every_secret_setting_of_every_service_is_known() -> None:
    declared = {
        field.name
        for kind, vendor in registry.known()
        for field in dataclasses.fields(registry.settings_class(kind, vendor))
        if field.metadata.get("secret")
    }
    assert declared == SECRETS


@pytest.fixture
def open_machine(machine: Machine) -> Iterator[Machine]:
    """A machine whose folders everyone may enter, as /etc is."""
    closed = [path for path in (machine.conf, *machine.conf.parents) if not path.stat().st_mode & 0o001]
    if not all(os.access(path, os.W_OK) for path in closed):
        pytest.skip("the folders of tests can not be opened here")
    modes = {path: path.stat().st_mode for path in closed}
    for path, mode in modes.items():
        path.chmod(mode | 0o001)
    yield machine
    for path, mode in modes.items():
        path.chmod(mode)


def configure(machine: Machine, value: str, mode: int, name: str = "api-key") -> str:
    """What --check says with this value in the configuration."""
    path = machine.conf / "autoload_configs/firstword.conf.xml"
    path.write_text(
        f'<configuration><services><service name="mind" does="llm" vendor="openai">'
        f'<param name="{name}" value="{value}"/></service></services></configuration>'
    )
    path.chmod(mode)
    out = machine.run("--check").out
    assert SECRET not in out
    return "\n".join(line for line in out.splitlines() if "service 'mind'" in line or "chmod" in line)


@pytest.mark.parametrize("name", ["api-key", "api_key", "access-key-secret"])
def test_a_secret_in_clear_in_a_file_that_everyone_can_read_is_told(open_machine: Machine, name: str) -> None:
    said = configure(open_machine, SECRET, 0o644, name)
    path = open_machine.conf / "autoload_configs/firstword.conf.xml"
    assert f"{path}, which everyone can read, holds secrets in clear: service 'mind': '{name}'" in said
    assert f"chmod 640 {path}" in said


@pytest.mark.parametrize(
    ("value", "mode"),
    [(SECRET, 0o640), ("env:KEY", 0o644), ("", 0o644), ("$${unset}", 0o644), ("file:/nowhere", 0o644)],
)
def test_a_secret_elsewhere_or_in_a_private_file_is_not(open_machine: Machine, value: str, mode: int) -> None:
    assert configure(open_machine, value, mode) == ""


def test_a_private_folder_above_keeps_a_file_private(open_machine: Machine) -> None:
    open_machine.conf.chmod(0o750)
    assert configure(open_machine, SECRET, 0o644) == ""
    open_machine.conf.chmod(0o755)
    assert configure(open_machine, SECRET, 0o644) != ""


def test_a_variable_of_the_switch_is_looked_for_where_it_is_set(open_machine: Machine) -> None:
    path = open_machine.conf / "vars.xml"
    path.write_text(f'<X-PRE-PROCESS cmd="set" data="mind_key={SECRET}"/>')
    path.chmod(0o644)
    said = configure(open_machine, "$${mind_key}", 0o640)
    assert (
        f"{path}, which everyone can read, sets a secret: service 'mind': 'api-key'" in said
        and f"chmod o-rwx {path}" in said
    )
    path.chmod(0o640)
    assert configure(open_machine, "$${mind_key}", 0o640) == ""


@pytest.mark.parametrize(("value", "told"), [(SECRET, True), ("$${mind_key}", True), ("env:KEY", False), ("", False)])
def test_what_the_switch_writes_of_its_configuration_holds_secrets_too(
    open_machine: Machine, value: str, told: bool
) -> None:
    path = open_machine.prefix / "log/freeswitch.xml.fsxml"
    path.touch(mode=0o644)
    said = configure(open_machine, value, 0o640)
    assert (f"{path}, which everyone can read, holds secrets in clear: service 'mind': 'api-key'" in said) is told
    path.parent.chmod(0o750)
    assert configure(open_machine, value, 0o640) == ""


def test_a_file_of_its_own_is_for_its_owner_alone(machine: Machine) -> None:
    path = machine.folder / "key"
    path.write_text(SECRET)
    path.chmod(0o640)
    assert f"{path} can be read by others" in configure(machine, f"file:{path}", 0o640)
    path.chmod(0o600)
    assert configure(machine, f"file:{path}", 0o640) == ""


def test_variables_that_the_switch_was_not_started_with_are_named(machine: Machine) -> None:
    machine.start()
    (machine.prefix / "run/freeswitch.pid").write_text(str(os.getpid()))
    there = next(iter(Path(f"/proc/{os.getpid()}/environ").read_bytes().split(b"\0"))).split(b"=")[0].decode()
    lacking = "not known to be in the switch's environment: "
    configure(machine, "env:FIRSTWORD_TEST_LACKS_THIS", 0o640)
    assert f"{lacking}FIRSTWORD_TEST_LACKS_THIS\n" in machine.run("--check").out
    configure(machine, f"env:{there}", 0o640)
    assert lacking not in machine.run("--check").out


def test_no_configuration_holds_no_secrets(tmp_path: Path) -> None:
    assert exposure.secrets(tmp_path / "firstword.conf.xml") == []
