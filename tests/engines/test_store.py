"""The store: files put together from parts, verified, stored once."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from firstword.errors import ConfigError
from firstword.gateway.engines.manifest import ALL, Ingredients, ModelFile
from firstword.gateway.engines.store import Store, default_root

HALVES = (b"the first half " * 1000, b"and the second" * 1000)


def ingredients(**changes: object) -> Ingredients:
    whole = b"".join(HALVES)
    settings: dict[str, object] = {
        "name": "toy",
        "what": "a toy",
        "override": "FIRSTWORD_TOY",
        "code": (),
        "imports": (),
        "packages": ("toy-part1", "toy-part2"),
        "files": (
            ModelFile(
                "model.bin", len(whole), hashlib.sha256(whole).hexdigest(), ("toy_part1/data/a", "toy_part2/data/b")
            ),
            ModelFile("about.json", 2, hashlib.sha256(b"{}").hexdigest(), ("toy_part1/about.json",)),
        ),
    }
    return Ingredients(**(settings | changes))  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "engines")
    for part, name, half in (("toy_part1", "a", HALVES[0]), ("toy_part2", "b", HALVES[1])):
        (made.packages / part / "data").mkdir(parents=True)
        (made.packages / part / "data" / name).write_bytes(half)
        (made.packages / f"{part}-1.0.dist-info").mkdir()
    (made.packages / "toy_part1" / "about.json").write_bytes(b"{}")
    return made


def test_a_model_in_two_parts_is_joined_verified_and_told_by_the_byte(store: Store) -> None:
    told: list[tuple[str, int, int]] = []
    folder = store.folder(ingredients(), lambda *step: told.append(step))
    assert (folder / "model.bin").read_bytes() == b"".join(HALVES)
    assert (folder / "about.json").read_bytes() == b"{}"
    size = len(b"".join(HALVES))
    assert [step for step in told if step[0] == "model.bin"][-1] == ("model.bin", size, size)
    assert not list(folder.glob(".*")), "a temporary file was left behind"


def test_a_file_of_one_part_takes_no_room_of_its_own(store: Store) -> None:
    folder = store.folder(ingredients())
    assert (folder / "about.json").samefile(store.packages / "toy_part1" / "about.json")


def test_once_put_together_it_needs_the_packages_no_more(store: Store) -> None:
    store.folder(ingredients())
    store.drop_packages(ingredients())
    assert list(store.packages.iterdir()) == []
    assert (store.folder(ingredients()) / "model.bin").stat().st_size == len(b"".join(HALVES))
    assert store.lacking_files(ingredients()) == []


def test_a_damaged_part_is_refused_and_leaves_nothing_under_the_name(store: Store) -> None:
    (store.packages / "toy_part2/data/b").write_bytes(HALVES[1][:-1] + b"!")
    with pytest.raises(ConfigError, match=r"model\.bin is damaged or not the file it should be"):
        store.folder(ingredients())
    assert list((store.models / "toy").iterdir()) == []


def test_a_damaged_file_of_one_part_is_refused_too(store: Store) -> None:
    (store.packages / "toy_part1/about.json").write_bytes(b"[]")
    with pytest.raises(ConfigError, match=r"about\.json is damaged"):
        store.folder(ingredients())
    assert not (store.models / "toy" / "about.json").exists()


def test_a_file_cut_short_is_put_together_again(store: Store) -> None:
    target = store.folder(ingredients()) / "model.bin"
    target.write_bytes(b"cut")
    assert store.lacking_files(ingredients()) == ["model.bin"]
    assert (store.folder(ingredients()) / "model.bin").read_bytes() == b"".join(HALVES)


def test_what_is_missing_is_named_with_the_line_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        Store(tmp_path).folder(ingredients())
    text = str(raised.value)
    assert "'toy'" in text and "model.bin" in text and "./install.sh demo" in text and "FIRSTWORD_TOY" in text
    assert "\n" not in text


def test_an_operators_own_model_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"mine")
    monkeypatch.setenv("FIRSTWORD_TOY", str(own))
    assert Store(tmp_path / "empty").folder(ingredients()) == own


def test_an_operators_own_model_that_is_not_there_is_the_operators_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTWORD_TOY", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match=r"FIRSTWORD_TOY names .*gone, which does not exist"):
        Store(tmp_path).folder(ingredients())


def test_code_is_found_in_the_store_and_only_appended_to_the_path(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    toy = ingredients(imports=("firstword_toy_engine",))
    assert store.lacking_code(toy) == ["firstword_toy_engine"]
    with pytest.raises(ConfigError, match="firstword_toy_engine not in"):
        store.use_code(toy)
    store.site.mkdir()
    (store.site / "firstword_toy_engine.py").write_text("")
    store.use_code(toy)
    store.use_code(toy)
    assert sys.path.count(str(store.site)) == 1
    assert sys.path[-1] == str(store.site)


def test_a_missing_program_is_named_with_its_package(store: Store) -> None:
    with pytest.raises(ConfigError, match="needs the program firstword-no-such: apt-get install firstword-no-such"):
        store.use_code(ingredients(programs=("firstword-no-such",)))


def test_the_environment_says_where_the_engines_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_ENGINES", str(tmp_path))
    assert default_root() == tmp_path


def test_the_manifest_holds_together() -> None:
    overrides = [engine.override for engine in ALL]
    assert len(set(overrides)) == len(overrides)
    for engine in ALL:
        homes = {part.split("/")[0] for file in engine.files for part in file.parts}
        assert homes == {package.replace("-", "_") for package in engine.packages}, engine.name
