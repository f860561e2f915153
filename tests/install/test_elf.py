"""Which libraries a shared object links."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstword.errors import HostError
from firstword.install.elf import needed

from .conftest import elf

NAMES = ("libc.so.6", "libpython3.11.so.1.0")


@pytest.mark.parametrize("wide", [True, False], ids=["64 bit", "32 bit"])
@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_the_names_are_read_in_both_widths_and_orders(tmp_path: Path, wide: bool, order: str) -> None:
    path = tmp_path / "module.so"
    path.write_bytes(elf(*NAMES, wide=wide, order=order))
    assert needed(path) == NAMES


def test_a_real_library_links_the_c_library() -> None:
    spec = find_spec("numpy._core._multiarray_umath")
    assert spec and spec.origin
    assert "libc.so.6" in needed(Path(spec.origin))


def test_a_library_that_links_nothing_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "module.so"
    path.write_bytes(elf())
    assert needed(path) == ()


def test_what_is_no_library_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "module.so"
    with pytest.raises(HostError, match="can not be read: No such file"):
        needed(path)
    path.write_text("<configuration/>")
    with pytest.raises(HostError, match=r"is no ELF file$"):
        needed(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_library_is_one_clear_error_or_an_answer(tmp_path: Path, data: st.DataObject) -> None:
    image = bytearray(elf(*NAMES))
    at = data.draw(st.integers(4, len(image) - 1))
    image[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "module.so"
    path.write_bytes(image[: data.draw(st.integers(4, len(image)))])
    try:
        assert all(isinstance(name, str) for name in needed(path))
    except HostError as error:
        assert str(path) in str(error)
