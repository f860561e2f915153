"""Who wrote a file last decides what becomes of it."""

from __future__ import annotations

import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.errors import ConfigError
from firstword.install.files import Item, Manifest, plan, removal, remove_empty, write

OPERATORS = (b"his first", b"his second", None)  # None: he takes the file away
SHIPPED = (b"version 1", b"version 2")


def install(folder: Path, content: bytes) -> None:
    manifest = Manifest.read(folder / "installed.json")
    for step in plan([Item(folder / "a.xml", content, 0o640, None)], manifest):
        step.carry_out(manifest)
    manifest.save()


@given(st.lists(st.sampled_from([*OPERATORS, *SHIPPED]), max_size=8))
def test_what_an_operator_wrote_is_there_as_he_wrote_it_whatever_is_installed_and_removed(
    acts: list[bytes | None],
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        path, his = folder / "a.xml", None
        for act in acts:
            if act in SHIPPED and act is not None:
                install(folder, act)
            elif act is None:
                path.unlink(missing_ok=True)
                his = None
            else:
                path.write_bytes(act)
                his = act
        if his is not None:
            assert path.read_bytes() == his
        manifest = Manifest.read(folder / "installed.json")
        for step in removal(manifest):
            step.carry_out(manifest)
        assert [(file.name, file.read_bytes()) for file in folder.glob("a.xml*")] == ([("a.xml", his)] if his else [])


def test_a_reader_never_sees_half_a_file_and_a_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    write(path, b"one", 0o640, None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o660)
    before = path.open("rb")
    write(path, b"two", 0o640, None)
    with before:
        assert before.read() == b"one" and path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert [file.name for file in tmp_path.iterdir()] == ["a.xml"]


def test_a_link_is_someones_doing_and_is_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(SHIPPED[0])
    install(tmp_path, SHIPPED[0])
    (tmp_path / "a.xml").unlink()
    (tmp_path / "a.xml").symlink_to(kept)  # to the very content that was written
    install(tmp_path, SHIPPED[1])
    assert kept.read_bytes() == SHIPPED[0] and (tmp_path / "a.xml").is_symlink()
    assert (tmp_path / "a.xml.new").read_bytes() == SHIPPED[1]


def test_an_offer_that_was_taken_away_comes_again_only_with_something_new(tmp_path: Path) -> None:
    path, offer = tmp_path / "a.xml", tmp_path / "a.xml.new"
    path.write_bytes(b"his")
    install(tmp_path, SHIPPED[0])
    offer.unlink()
    install(tmp_path, SHIPPED[0])
    assert not offer.exists()
    install(tmp_path, SHIPPED[1])
    assert offer.read_bytes() == SHIPPED[1]


def test_an_offer_that_an_operator_works_on_is_his_too(tmp_path: Path) -> None:
    path, offer = tmp_path / "a.xml", tmp_path / "a.xml.new"
    path.write_bytes(b"his")
    install(tmp_path, SHIPPED[0])
    offer.write_bytes(b"his draft")
    install(tmp_path, SHIPPED[1])
    assert (path.read_bytes(), offer.read_bytes()) == (b"his", b"his draft")


def test_an_offer_that_was_taken_up_is_the_installations_again(tmp_path: Path) -> None:
    path, offer = tmp_path / "a.xml", tmp_path / "a.xml.new"
    install(tmp_path, SHIPPED[0])
    path.write_bytes(b"his")
    install(tmp_path, SHIPPED[1])
    offer.replace(path)
    install(tmp_path, SHIPPED[1])
    install(tmp_path, SHIPPED[0])
    assert path.read_bytes() == SHIPPED[0] and not offer.exists()


def test_folders_that_were_made_are_removed_when_they_are_empty(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "installed.json")
    manifest.make_folder(tmp_path / "a" / "b" / "c")
    assert manifest.folders == [str(tmp_path / "a"), str(tmp_path / "a/b"), str(tmp_path / "a/b/c")]
    (tmp_path / "a" / "his").touch()
    assert remove_empty(manifest) == [tmp_path / "a"]
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "his"]


@pytest.mark.parametrize("text", ["", "[]", '{"files": 1, "unknown": 2}', "\xff"])
def test_a_list_of_what_was_installed_that_is_damaged_stops_everything(tmp_path: Path, text: str) -> None:
    path = tmp_path / "installed.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"installed\.json, which says what was installed, can not be read"):
        Manifest.read(path)
