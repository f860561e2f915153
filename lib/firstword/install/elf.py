"""Which libraries a shared object asks the loader for: the DT_NEEDED entries of its dynamic section.

``ldd`` and ``readelf`` may be absent, and ``ldd`` runs the loader of what it is given. The layout is that of elf(5).
"""

from __future__ import annotations

import struct
from pathlib import Path

from ..errors import HostError

_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NULL, _DT_NEEDED, _DT_STRTAB = 0, 1, 5


def needed(path: Path) -> tuple[str, ...]:
    """The names of the libraries that `path` links, in its order.

    Raises:
        HostError: it can not be read or is no ELF file.
    """
    try:
        image = path.read_bytes()
    except OSError as error:
        raise HostError(f"{path} can not be read: {error.strerror}") from error
    if image[:4] != b"\x7fELF":
        raise HostError(f"{path} is no ELF file")
    try:
        return _needed(image)
    except (struct.error, ValueError, OverflowError, IndexError, KeyError) as error:
        raise HostError(f"{path} is no ELF file that can be understood: {error}") from error


def _needed(image: bytes) -> tuple[str, ...]:
    wide = image[4] == 2
    order = {1: "<", 2: ">"}[image[5]]
    segments = list(_segments(image, order, wide))
    tags: list[tuple[int, int]] = []
    entry = struct.Struct(order + ("qQ" if wide else "iI"))
    for kind, offset, _, size in segments:
        if kind == _PT_DYNAMIC:
            tags += entry.iter_unpack(image[offset : offset + size - size % entry.size])
    if (_DT_NULL, 0) in tags:
        tags = tags[: tags.index((_DT_NULL, 0))]
    names = [value for tag, value in tags if tag == _DT_NEEDED]
    if not names:
        return ()
    strings = _file_offset(dict(tags)[_DT_STRTAB], segments)
    return tuple(_text(image, strings + name) for name in names)


def _segments(image: bytes, order: str, wide: bool) -> list[tuple[int, int, int, int]]:
    """Kind, file offset, address and size in the file of each program header."""
    start = struct.unpack_from(order + ("Q" if wide else "I"), image, 32 if wide else 28)[0]
    size, count = struct.unpack_from(order + "HH", image, 54 if wide else 42)
    found = []
    for at in range(start, start + size * count, size):
        if wide:
            kind, _, offset, address, _, in_file = struct.unpack_from(order + "IIQQQQ", image, at)
        else:
            kind, offset, address, _, in_file = struct.unpack_from(order + "IIIII", image, at)
        found.append((kind, offset, address, in_file))
    return found


def _file_offset(address: int, segments: list[tuple[int, int, int, int]]) -> int:
    for kind, offset, start, size in segments:
        if kind == _PT_LOAD and start <= address < start + size:
            return offset + address - start
    raise ValueError(f"no segment holds address {address:#x}")


def _text(image: bytes, at: int) -> str:
    return image[at : image.index(b"\0", at)].decode()
