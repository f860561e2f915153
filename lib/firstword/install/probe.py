"""Run by the switch's Python, as a script, beside nothing of ours: which packages would the door's search path give the switch?

    python3.11 -I -B probe.py SCRIPTS VENV

Prints one line for each package that the library needs and that would be taken from elsewhere than VENV: name, version,
its place and the lower bound, with tabs between them. The door puts VENV before the distribution's packages; what lies beside the door, in
SCRIPTS, still comes before both.
"""

import importlib.metadata
import re
import sys
from pathlib import Path


def strangers(scripts: str, venv: str) -> list[str]:
    """The lines; none if every package comes from `venv`."""
    sys.path.insert(0, scripts)
    import voicebot  # type: ignore[import-not-found, unused-ignore]  # noqa: F401  (it sets the search path)

    lines = []
    for requirement in importlib.metadata.requires("firstword") or []:
        name, bound = _parse(requirement)
        if name:
            found = importlib.metadata.distribution(name)
            place = str(found.locate_file(""))
            if not Path(place).is_relative_to(venv):
                lines.append("\t".join((name, found.version, place, bound)))
    return lines


def older(version: str, bound: str) -> bool:
    """Whether `version` is below `bound`, by their numbers."""
    return _numbers(version) < _numbers(bound)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.split("+")[0])[:3])


def _parse(requirement: str) -> tuple[str, str]:
    """Name and lower bound of a requirement; ("", "") for one of an extra."""
    if "extra ==" in requirement:
        return "", ""
    name = re.match(r"[\w.-]+", requirement)
    bound = re.search(r">=\s*([\w.]+)", requirement)
    return (name[0] if name else ""), (bound[1] if bound else "")


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in strangers(*sys.argv[1:]))
