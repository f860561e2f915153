"""``./install.sh --check``: what is there, what is missing, and the line that mends it. It changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Machine


@pytest.fixture
def installed(machine: Machine) -> Machine:
    """A host on which nothing is left to do."""
    machine.start()
    assert machine.run().code == 0
    machine.asked()
    return machine


def test_where_nothing_is_left_to_do_it_ends_with_zero(installed: Machine) -> None:
    before = installed.tree()
    done = installed.run("--check")
    assert done.code == 0 and "todo" not in done.out and installed.tree() == before
    assert installed.asked() == ["python voicebot doctor"]


def test_before_the_installation_it_says_what_that_would_bring(machine: Machine) -> None:
    machine.start()
    before = machine.tree()
    done = machine.run("--check")
    assert done.code == 1 and machine.tree() == before and machine.built == [] and machine.asked() == []
    assert f"todo  the library is not installed in {machine.target}/venv\n         sudo ./install.sh" in done.out
    assert f"todo  {machine.scripts}/voicebot.py is not there" in done.out


@pytest.mark.parametrize("answer", ["FAIL keys: NLS_APPKEY is not set", "-ERR no reply", ""])
def test_a_doctor_that_finds_something_counts(installed: Machine, answer: str) -> None:
    installed.doctor.write_text(answer)
    done = installed.run("--check")
    assert done.code == 1 and answer in done.out


def test_a_module_that_is_not_loaded_is_told_with_both_lines(machine: Machine) -> None:
    machine.start()
    machine.loaded.unlink()
    path = machine.conf / "autoload_configs/modules.conf.xml"
    path.write_text("<!-- <load module='mod_python3'/> -->")
    before = path.read_text()
    done = machine.run()
    assert done.code == 0 and path.read_text() == before
    assert (
        f'todo  mod_python3 is not loaded when the switch starts\n         into {path}: <load module="mod_python3"/>'
        in done.out
    )
    assert (
        f"todo  the switch runs without mod_python3\n         {machine.fs_cli} -P 8022 -x 'load mod_python3'"
        in done.out
    )
    assert machine.asked() == ["reloadxml"]  # and nothing that needs the module
    assert machine.run("--check").code == 1


def test_a_switch_that_does_not_run_is_told_what_will_happen(machine: Machine) -> None:
    machine.start()
    machine.silent.touch()
    done = machine.run()
    assert done.code == 0 and "Error Connecting" in done.out
    assert (
        "when the switch starts it loads mod_python3 and firstword; then: fs_cli -x 'python voicebot doctor'"
        in done.out
    )
    assert machine.run("--check").code == 0


def test_a_module_without_its_file_is_told_how_to_get_it(machine: Machine) -> None:
    (machine.prefix / "mod/mod_python3.so").unlink()
    before = machine.tree()
    for options in ((), ("--check",), ("--dry-run",)):
        done = machine.run(*options)
        assert done.code == 1 and "apt-get install freeswitch-mod-python3" in done.out + done.err
    assert machine.tree() == before


@pytest.mark.parametrize(
    ("libraries", "line"),
    [
        (["libpython3.10.so.1.0"], "is built with Python 3.10; firstword needs 3.11 or newer"),
        (["libpython2.7.so.1.0"], "is built with Python 2.7"),
        (["libc.so.6"], "links no libpython (Python is inside it, or comes from elsewhere): name the interpreter"),
    ],
)
def test_a_module_that_will_not_do_is_told(machine: Machine, libraries: list[str], line: str) -> None:
    machine.module(*libraries)
    done = machine.run()
    assert done.code == 1 and line in done.err and machine.built == []


def test_an_interpreter_may_be_named_and_must_fit(machine: Machine) -> None:
    named = machine.folder / "python"
    machine.program(named, machine.python.read_text())
    Path(f"{named}.venv").touch()
    machine.module("libc.so.6")
    assert machine.run("--python", str(named)).code == 0 and machine.built == [named]
    machine.module("libpython3.12.so.1.0")
    done = machine.run("--python", str(named))
    assert done.code == 1 and f"{named} is Python 3.11, but mod_python3 is built with 3.12" in done.err
    assert "/nowhere is no Python that can be run" in machine.run("--python", "/nowhere").err


def test_a_python_without_venv_is_told_the_package_and_root_gets_it(machine: Machine) -> None:
    mark = Path(f"{machine.python}.venv")
    mark.unlink()
    line = f"{machine.python} can not make virtual environments"
    checked = machine.run("--check")
    assert f"todo  {line}\n         sudo apt-get install python3.11-venv" in checked.out and machine.packages == []
    done = machine.run()
    assert (done.code, done.err) == (1, f"install.sh: {line}: sudo apt-get install python3.11-venv\n")
    assert machine.packages == ["python3.11-venv"]
    machine.apt_install = lambda packages: mark.touch() is None  # type: ignore[method-assign]
    assert machine.run().code == 0 and machine.built == [machine.python]


def test_a_missing_interpreter_is_told_with_its_packages(machine: Machine) -> None:
    machine.module("libpython3.77.so.1.0")
    done = machine.run()
    assert done.err == "install.sh: python3.77 is missing: sudo apt-get install python3.77 python3.77-venv\n"
    assert "would need, and install as root: python3.77 python3.77-venv" in machine.run("--dry-run").out


def test_a_library_that_went_wrong_is_made_again(installed: Machine) -> None:
    installed.program(installed.target / "venv/bin/python", "#!/bin/sh\nexit 1\n")
    assert "is not that of this checkout, or not whole" in installed.run("--check").out
    assert installed.run().code == 0 and len(installed.built) == 2
    assert installed.run("--check").code == 0


def test_a_dialplan_that_does_not_include_the_example_is_told_the_line(installed: Machine) -> None:
    (installed.conf / "dialplan/default.xml").write_text('<!-- <X-PRE-PROCESS cmd="include" data="default/*.xml"/> -->')
    done = installed.run("--check")
    assert done.code == 1
    assert 'default.xml: <X-PRE-PROCESS cmd="include" data="default/*.xml"/>' in done.out


@pytest.mark.parametrize(
    ("password", "waits", "told"), [("1234", True, True), ("other", True, False), ("1234", False, False)]
)
def test_a_dialplan_that_lets_every_call_wait_is_told(
    installed: Machine, password: str, waits: bool, told: bool
) -> None:
    (installed.conf / "vars.xml").write_text(f'<X-PRE-PROCESS cmd="set" data="default_password={password}"/>')
    path = installed.conf / "dialplan/default.xml"
    if waits:
        condition = '<condition field="${default_password}" expression="^1234$" break="never"/>'
        path.write_text(path.read_text() + condition)
    done = installed.run("--check")
    assert done.code == 0 and ("warn  every call waits ten seconds before it is taken" in done.out) is told


@pytest.mark.parametrize(
    ("expression", "told"),
    [("^7000$", True), (r"^(7\d{3})$", True), ("^1000$", False), ("^(.*)$", False), ("(", False)],
)
def test_another_extension_for_the_same_number_is_told(installed: Machine, expression: str, told: bool) -> None:
    path = installed.conf / "dialplan/default/01_his.xml"
    path.write_text(f'<condition field="destination_number" expression="{expression}">')
    done = installed.run("--check")
    assert done.code == 0 and (f"{path} wants calls to 7000 or 7001 too ({expression})" in done.out) is told


def test_what_ships_beside_an_operators_file_is_told(installed: Machine) -> None:
    path = installed.conf / "autoload_configs/firstword.conf.xml"
    path.write_text("<configuration/>")
    installed.run()
    done = installed.run("--check")
    assert done.code == 0
    assert f"ok    {path} is yours" in done.out and f"warn  {path}.new: what ships, beside yours" in done.out


def test_a_configuration_that_is_no_xml_is_told(installed: Machine) -> None:
    (installed.conf / "autoload_configs/firstword.conf.xml").write_text("<configuration>")
    done = installed.run("--check")
    assert done.code == 1 and "firstword.conf.xml is no well-formed XML: no element found" in done.out


def test_a_switch_that_is_another_one_is_left_alone(installed: Machine) -> None:
    installed.program(installed.fs_cli, installed.fs_cli.read_text().replace(str(installed.prefix), "/elsewhere"))
    installed.asked()
    done = installed.run()
    assert done.code == 0 and installed.asked() == []
    assert "is another one, with its configuration in /elsewhere/conf" in done.out


def test_the_running_switch_says_where_its_folders_are(installed: Machine) -> None:
    done = installed.run_bare("--check", "--fs-cli", str(installed.fs_cli))
    assert done.code == 0 and f"configuration {installed.conf}, scripts {installed.scripts}" in done.out


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--freeswitch", "/nowhere"], "--freeswitch /nowhere: no switch is there"),
        (["--fs-cli", "'"], '--fs-cli "\'": No closing quotation'),
        (["--fs-cli", " "], "--fs-cli takes a command line"),
        (["--fs-cli", ""], "--fs-cli takes a command line"),
    ],
)
def test_options_that_name_nothing_are_told(machine: Machine, argv: list[str], line: str) -> None:
    done = machine.run_bare(*argv)
    assert done.code == 1 and line in done.err
