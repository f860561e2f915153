"""Where a switch keeps what, by the shapes it is built in."""

from __future__ import annotations

from pathlib import Path

import pytest
from mock import patch

from firstword.errors import ConfigError
from firstword.install import host, layout
from firstword.install.layout import Folders


def make(root: Path, *folders: str) -> None:
    for folder in folders:
        (root / folder).mkdir(parents=True)
        if folder.endswith(("conf", "etc/freeswitch")):
            (root / folder / "freeswitch.xml").touch()


def relative(folders: Folders | None, root: Path) -> list[str]:
    assert folders
    return [
        str(path.relative_to(root)) for path in (folders.conf, folders.scripts, folders.mod, folders.log, folders.run)
    ]


def test_a_switch_from_source_has_all_in_its_prefix(tmp_path: Path) -> None:
    make(tmp_path, "conf")
    assert relative(layout.below(tmp_path), tmp_path) == ["conf", "scripts", "mod", "log", "run"]


def test_the_packages_have_it_by_the_file_hierarchy(tmp_path: Path) -> None:
    make(tmp_path, "etc/freeswitch", "usr/share/freeswitch/scripts", "usr/lib/freeswitch/mod", "run/freeswitch")
    assert relative(layout.below(tmp_path), tmp_path) == [
        "etc/freeswitch",
        "usr/share/freeswitch/scripts",
        "usr/lib/freeswitch/mod",
        "var/log/freeswitch",
        "run/freeswitch",
    ]


def test_usr_is_what_the_packages_call_their_prefix() -> None:
    with patch.object(Path, "exists", lambda path: str(path) == "/etc/freeswitch/freeswitch.xml"):
        folders = layout.below(Path("/usr"))
    assert folders and (folders.conf, folders.mod) == (Path("/etc/freeswitch"), Path("/usr/lib/freeswitch/mod"))


def test_a_prefix_with_the_file_hierarchy_in_it_is_known_too(tmp_path: Path) -> None:
    make(tmp_path, "etc/freeswitch", "share/freeswitch/scripts", "lib/freeswitch/mod", "var/run/freeswitch")
    assert relative(layout.below(tmp_path), tmp_path)[1:3] == ["share/freeswitch/scripts", "lib/freeswitch/mod"]


def test_in_the_usual_places_the_only_one_is_found_and_of_two_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, link = tmp_path / "one", tmp_path / "two", tmp_path / "link"
    make(one, "conf")
    link.symlink_to(one)
    monkeypatch.setattr(layout.usual, "__defaults__", ((one, two, link),))
    found = host.find(None, "/nowhere/fs_cli")
    assert found.folders.conf == one / "conf" and found.console is None and "No such file" in found.silence
    make(two, "etc/freeswitch")
    with pytest.raises(ConfigError, match=r"which FreeSWITCH\? .*there are several: .*Name it: --freeswitch DIR"):
        host.find(None, "/nowhere/fs_cli")
    monkeypatch.setattr(layout.usual, "__defaults__", ((),))
    with pytest.raises(ConfigError, match="none is in the usual places"):
        host.find(None, "/nowhere/fs_cli")
