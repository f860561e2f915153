"""``sudo ./install.sh`` on a FreeSWITCH host: what lies there afterwards, and what does not."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from mock import patch

from firstword.install import command, installation

from .conftest import Machine

ROOT = Path(__file__).parents[2]
DOORS = sorted(path.name for path in (ROOT / "fs_scripts").glob("voicebot.*"))
LOADED = "python voicebot reload"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what is installed from, to be changed."""
    copy = tmp_path / "checkout"
    for name in ("pyproject.toml", "README.md", "fs_scripts", "conf", "lib/firstword"):
        source = ROOT / name
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    monkeypatch.setattr(command, "CHECKOUT", copy)
    return copy


def test_doors_configuration_and_example_lie_where_the_switch_looks(machine: Machine) -> None:
    machine.start()
    before = machine.tree(machine.prefix)
    done = machine.run()
    assert done.code == 0, done.err
    new = sorted(
        str(Path(path).relative_to(machine.prefix)) for path in machine.tree(machine.prefix).keys() - before.keys()
    )
    assert new == sorted(
        [
            "conf/autoload_configs/firstword.conf.xml",
            "conf/autoload_configs/python.conf.xml.new",
            "conf/dialplan/default/voicebot.xml",
            "scripts/voicebot.path",
            *(f"scripts/{name}" for name in DOORS),
        ]
    )
    packages = (machine.scripts / "voicebot.path").read_text().strip()
    assert packages == str(machine.target / "venv/lib/python3.11/site-packages") and Path(packages).is_dir()


def test_installing_and_taking_away_leaves_the_tree_as_it_was(machine: Machine) -> None:
    machine.start()
    before = machine.tree()
    machine.run()
    (machine.prefix / "run/firstword").mkdir()  # what the door makes in a call
    (machine.scripts / "__pycache__").mkdir()
    (machine.scripts / "__pycache__/voicebot.cpython-311.pyc").touch()
    done = machine.run("--uninstall")
    assert done.code == 0, done.err
    assert machine.tree() == before and not machine.target.parent.exists()


def test_a_second_run_changes_nothing_at_all(machine: Machine) -> None:
    machine.start()
    machine.run()
    before = machine.tree()
    machine.asked()
    done = machine.run()
    assert done.code == 0 and machine.tree() == before and len(machine.built) == 1
    assert machine.asked() == ["python voicebot status", "python voicebot doctor"]
    assert done.files("new") == done.files("update") == done.files("remove") == []


def test_the_switch_reads_its_configuration_wakes_the_library_and_examines_itself(machine: Machine) -> None:
    machine.start()
    machine.doctor.write_text("ok   modules\nFAIL keys: NLS_APPKEY is not set\n")
    done = machine.run()
    assert machine.asked() == ["reloadxml", LOADED, "python voicebot doctor"]
    assert done.out.endswith("ok   modules\nFAIL keys: NLS_APPKEY is not set\n")


def test_a_dry_run_says_what_the_real_one_does_and_changes_nothing(machine: Machine) -> None:
    machine.start()
    before = machine.tree()
    dry = machine.run("--dry-run")
    assert dry.code == 0 and machine.tree() == before and machine.asked() == [] and machine.built == []
    assert dry.files("new") == machine.run().files("new") != []


def test_taking_away_can_be_tried_too(machine: Machine) -> None:
    machine.start()
    machine.run()
    before = machine.tree()
    machine.asked()
    dry = machine.run("--uninstall", "--dry-run")
    assert dry.code == 0 and machine.tree() == before and machine.asked() == []
    assert dry.files("remove") == machine.run("--uninstall").files("remove") != []


def test_what_an_operator_changed_is_left_offered_anew_and_stays_when_the_rest_goes(machine: Machine) -> None:
    machine.start()
    machine.run()
    path = machine.conf / "autoload_configs/firstword.conf.xml"
    shipped, his = path.read_text(), "<configuration name='firstword.conf'/>"
    path.write_text(his)
    done = machine.run()
    assert done.code == 0 and path.read_text() == his and Path(f"{path}.new").read_text() == shipped
    assert "firstword.conf.xml" in done.files("yours") and "firstword.conf.xml.new" in done.files("new")
    gone = machine.run("--uninstall")
    assert path.read_text() == his and not Path(f"{path}.new").exists()
    assert gone.files("yours") == ["firstword.conf.xml"]


def test_an_example_that_was_taken_away_stays_away_and_a_door_comes_back(machine: Machine) -> None:
    machine.run()
    example, door = machine.conf / "dialplan/default/voicebot.xml", machine.scripts / "voicebot.py"
    example.unlink()
    door.unlink()
    done = machine.run()
    assert not example.exists() and door.exists()
    assert "voicebot.xml  (you took it away; it stays away)" in done.out


def test_a_python_conf_that_was_there_is_left_and_the_line_it_lacks_is_named(machine: Machine) -> None:
    path = machine.conf / "autoload_configs/python.conf.xml"
    before = path.read_text()
    done = machine.run()
    assert path.read_text() == before
    assert f'into the <settings> of {path}: <param name="startup-script" value="voicebot"/>' in done.out
    path.write_text(before.replace("</settings>", "<param name='startup-script' value='voicebot'/></settings>"))
    done = machine.run()
    assert "startup-script" not in done.out and "python.conf.xml.new" in done.files("remove")


def test_where_there_is_no_python_conf_one_is_put(machine: Machine) -> None:
    path = machine.conf / "autoload_configs/python.conf.xml"
    path.unlink()
    done = machine.run()
    assert 'name="startup-script" value="voicebot"' in path.read_text() and "startup-script" not in done.out


def test_configuration_is_for_the_switch_alone_and_doors_for_all(machine: Machine) -> None:
    machine.run()
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (
            machine.conf / "autoload_configs/firstword.conf.xml",
            machine.conf / "dialplan/default/voicebot.xml",
            machine.scripts / "voicebot.py",
            machine.target / "venv",
        )
    }
    assert modes == {"firstword.conf.xml": 0o640, "voicebot.xml": 0o640, "voicebot.py": 0o644, "venv": 0o755}


@pytest.mark.parametrize(
    ("log_owner", "conf_owner", "owner"),
    [
        ((0, 0), (0, 0), (0, 0)),
        ((700, 701), (700, 701), (700, 701)),
        ((700, 701), (0, 0), (0, 701)),  # root owns the configuration: the switch's group may read it
        ((700, 701), (0, 701), (0, 701)),
    ],
)
def test_a_file_belongs_to_whom_its_folder_does_and_the_switch_can_read_it(
    machine: Machine, log_owner: tuple[int, int], conf_owner: tuple[int, int], owner: tuple[int, int]
) -> None:
    owners = {machine.prefix / "log": log_owner, machine.conf / "autoload_configs": conf_owner}
    real = Path.stat

    class Owned:
        def __init__(self, path: Path) -> None:
            self.st_uid, self.st_gid = owners[path]
            self.st_mode = real(path).st_mode

    def owned(path: Path, **options: bool) -> object:
        return Owned(path) if path in owners else real(path, **options)

    with patch("pathlib.Path.stat", owned), patch("os.geteuid", return_value=0), patch("os.chown") as chown:
        machine.run()
    given = [call.args[1:] for call in chown.call_args_list]
    assert given == (
        [] if owner == (0, 0) == (real(machine.folder).st_uid, real(machine.folder).st_gid) else [owner] * 3
    )


def test_a_new_version_replaces_what_nobody_changed(machine: Machine, checkout: Path) -> None:
    machine.start()
    machine.run()
    machine.asked()
    example = checkout / "conf/dialplan/voicebot.xml"
    example.write_text(example.read_text().replace("7000", "7100"))
    (checkout / "lib/firstword/turn/machine.py").write_text("# another\n")
    done = machine.run()
    assert done.files("update") == ["voicebot.xml"] and len(machine.built) == 2
    assert "7100" in (machine.conf / "dialplan/default/voicebot.xml").read_text()
    assert machine.asked() == ["reloadxml", LOADED, "python voicebot doctor"]


def test_a_switch_with_another_python_gets_another_environment(machine: Machine) -> None:
    machine.run()
    (machine.target / "venv/of 3.11").touch()
    machine.module("libpython3.12.so.1.0")
    machine.program(machine.python.with_name("python3.12"), machine.python.read_text().replace("3 11", "3 12"))
    Path(f"{machine.python.with_name('python3.12')}.venv").touch()
    assert machine.run().code == 0
    assert [python.name for python in machine.built] == ["python3.11", "python3.12"]
    assert not (machine.target / "venv/of 3.11").exists()
    assert "python3.12/site-packages" in (machine.scripts / "voicebot.path").read_text()


def test_an_environment_that_could_not_be_made_leaves_the_switch_alone_and_the_next_run_makes_it(
    machine: Machine,
) -> None:
    before = machine.tree(machine.prefix)
    machine.build_fails = True
    done = machine.run()
    assert (done.code, done.err) == (1, "install.sh: pip failed\n")
    assert machine.tree(machine.prefix) == before
    machine.build_fails = False
    assert machine.run().code == 0 and len(machine.built) == 2
    machine.run("--uninstall")
    assert machine.tree(machine.prefix) == before and not machine.target.exists()


def test_an_update_that_failed_is_made_good_even_when_the_old_version_is_wanted_again(
    machine: Machine, checkout: Path
) -> None:
    machine.run()
    module = checkout / "lib/firstword/turn/machine.py"
    before = module.read_text()
    module.write_text("# another\n")
    machine.build_fails = True
    assert machine.run().code == 1
    module.write_text(before)
    machine.build_fails = False
    assert machine.run().code == 0 and len(machine.built) == 3


def test_call_records_stay_when_the_rest_goes(machine: Machine) -> None:
    machine.run()
    records = machine.prefix / "log/firstword.jsonl"
    records.write_text("{}\n")
    done = machine.run("--uninstall")
    assert records.exists() and f"{records}  (what callers said is yours" in done.out


def test_a_line_of_the_operators_that_would_look_for_the_door_is_named(machine: Machine) -> None:
    path = machine.conf / "autoload_configs/python.conf.xml"
    machine.run()
    before = path.read_text()
    path.write_text(before.replace("</settings>", '<param name="startup-script" value="voicebot"/></settings>'))
    done = machine.run("--uninstall")
    assert f'{path} is yours and still starts voicebot\n         take out: <param name="startup-script"' in done.out


def test_it_can_be_taken_away_when_the_switch_is_gone(machine: Machine) -> None:
    machine.run()
    shutil.rmtree(machine.prefix)
    done = machine.run_bare("--uninstall", "--prefix", str(machine.target), "--fs-cli", "/nowhere/fs_cli")
    assert done.code == 0 and not machine.target.exists()


def test_where_nothing_is_installed_nothing_is_taken_away(machine: Machine) -> None:
    before = machine.tree()
    done = machine.run("--uninstall")
    assert done.code == 1 and f"nothing is installed in {machine.target}" in done.err and machine.tree() == before


def test_the_place_of_the_library_is_remembered(machine: Machine) -> None:
    machine.run()
    options = ("--freeswitch", str(machine.prefix), "--fs-cli", str(machine.fs_cli))
    assert machine.run_bare(*options).code == 0 and len(machine.built) == 1
    done = machine.run_bare(*options, "--prefix", str(machine.folder / "elsewhere"))
    assert done.code == 1 and f"has its installation in {machine.target}" in done.err
    assert machine.run_bare(*options, "--uninstall").code == 0 and not machine.target.exists()


def test_a_folder_of_someone_elses_is_not_taken_over(machine: Machine) -> None:
    (machine.target / "venv").mkdir(parents=True)
    done = machine.run()
    assert done.code == 1 and "was not made by this: give another --prefix" in done.err
    machine.run("--uninstall")
    assert (machine.target / "venv").exists()


def test_one_library_serves_one_switch(machine: Machine) -> None:
    machine.run()
    other = machine.folder / "other"
    shutil.copytree(machine.prefix, other)
    (other / "scripts/voicebot.path").unlink()
    done = machine.run_bare(
        "--freeswitch", str(other), "--prefix", str(machine.target), "--fs-cli", str(machine.fs_cli)
    )
    assert done.code == 1 and f"{machine.target} holds the installation for {machine.conf}" in done.err


def test_without_the_rights_nothing_is_begun(machine: Machine) -> None:
    before = machine.tree()
    with patch.object(installation.os, "access", lambda path, mode: Path(path) != machine.scripts):
        done = machine.run()
    assert done.code == 1 and machine.tree() == before and machine.built == []
    assert done.err == f"install.sh: {machine.scripts} can not be written to: run it as root (sudo ./install.sh)\n"


@pytest.mark.parametrize("options", [(), ("--check",), ("--uninstall",)])
def test_configuration_that_may_not_even_be_read_is_told(machine: Machine, options: tuple[str, ...]) -> None:
    machine.run()
    closed, real = machine.conf / "dialplan/default/voicebot.xml", Path.read_bytes

    def read(path: Path) -> bytes:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with patch("pathlib.Path.read_bytes", read):
        done = machine.run(*options)
    line = f"install.sh: {closed} is not open to you: run it as root (sudo ./install.sh)\n"
    assert (done.code, done.err) == (1, line)


def test_the_password_of_the_console_is_not_shown(machine: Machine) -> None:
    machine.start()
    line = f"{machine.fs_cli} -p ClueCon2 --password=ClueCon2 -pClueCon2"
    done = machine.run_bare("--freeswitch", str(machine.prefix), "--prefix", str(machine.target), "--fs-cli", line)
    assert done.code == 0 and "ClueCon2" not in done.out + done.err and "fs_cli -p *** --password=*** -p***" in done.out
    assert not any("ClueCon2" in content for _, _, content in machine.tree().values())
