"""What the pages say can be pasted: examples are read by the code that an operator's file would be read by, names are looked up."""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from firstword import cli
from firstword.bench.command import BENCHES
from firstword.call.profile import Profile
from firstword.call.tools import builtin
from firstword.call.tools.http_tool import HttpToolSettings
from firstword.errors import ConfigError
from firstword.host import console
from firstword.host.settings import KINDS, Common, General, parse
from firstword.options import bind
from firstword.providers import registry
from firstword.sim import script

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
VENDORS = {"asr": "aliyun", "llm": "openai", "tts": "aliyun"}
CONTEXT = ("extension", "action", "context", "include", "load", "X-PRE-PROCESS")
"""Elements of other files of the switch's."""


def blocks(kind: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        found = re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for number, text in enumerate(found, 1):
            yield f"{page.name}-{number}", text


def whole(fragment: ElementTree.Element) -> str:
    """A configuration with what stands in `fragment`, and as little as possible besides."""
    services = fragment.findall("services/service") + fragment.findall("service")
    profiles = fragment.findall("profiles/profile") + fragment.findall("profile")
    default = next((one for one in profiles if one.get("name") == "default"), None)
    if default is None:
        default = ElementTree.Element("profile", name="default")
        profiles.insert(0, default)
    default.extend(fragment.findall("param"))
    for kind in KINDS:
        if not any(service.get("does") == kind for service in services):
            services.append(ElementTree.Element("service", name=f"a-{kind}", does=kind, vendor=VENDORS[kind]))
        if default.find(f"param[@name='{kind}']") is None:
            name = next(service.get("name", "") for service in services if service.get("does") == kind)
            default.append(ElementTree.Element("param", name=kind, value=name))
    root = ElementTree.Element("configuration", name="firstword.conf")
    for section, entries in (("services", services), ("tools", fragment.findall("tools/tool")), ("profiles", profiles)):
        ElementTree.SubElement(root, section).extend(entries)
    return ElementTree.tostring(root, encoding="unicode")


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in blocks("xml")])
def test_every_piece_of_configuration_is_accepted_as_it_stands(text: str) -> None:
    fragment = ElementTree.fromstring(f"<fragment>{text}</fragment>")
    tags = {child.tag for child in fragment}
    if "configuration" in tags:
        assert parse(text)
    elif not tags <= set(CONTEXT):
        assert parse(whole(fragment))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in blocks("yaml")])
def test_every_script_of_a_caller_is_one(text: str, tmp_path: Path) -> None:
    assert script.parse(text, "the page", tmp_path).steps


def written(pattern: str) -> set[tuple[str, str]]:
    return {(page.name, found) for page in PAGES for found in re.findall(pattern, page.read_text(encoding="utf-8"))}


def test_every_command_of_fs_cli_is_one() -> None:
    commands = written(r"python voicebot ([a-z]+)")
    assert {name for _, name in commands} >= {"doctor", "reload", "status"}
    assert {(page, name) for page, name in commands if name not in console.COMMANDS} == set()


def test_every_option_of_the_command_is_one() -> None:
    wrong = []
    for page, line in written(rf"firstword ((?:{'|'.join(cli.COMMANDS)})\b[^`\n]*)"):
        words = line.split()
        known = options(words[0], words[1] if words[0] == "bench" and len(words) > 1 else "")
        wrong += [
            (page, line, word) for word in words if word.startswith("--") and re.split("[=,;]", word)[0] not in known
        ]
    assert wrong == []


def options(command: str, bench: str) -> set[str]:
    parser = argparse.ArgumentParser()
    module = importlib.import_module(
        f"firstword.bench.{bench.replace('-', '_')}" if bench in BENCHES else cli.COMMANDS[command][0]
    )
    module.register(parser)
    return {option for action in parser._actions for option in action.option_strings} | {"--json"}


NAMES = (
    set(console.COMMANDS)
    | set(builtin.NAMES)
    | set(KINDS)
    | {"hangup", "transfer", "completed", "timeout", "busy", "error"}
)
OTHERS = {"default", "true", "trunk", "freeswitch", "reloadxml", "default_password"}


def test_every_name_on_the_chinese_page_is_known() -> None:
    page = (ROOT / "docs" / "zh.md").read_text(encoding="utf-8")
    sections: list[type[Any]] = [Profile, HttpToolSettings, General, Common]
    sections += [registry.settings_class(kind, vendor) for kind, vendor in registry.known()]
    settings = {name.replace("_", "-") for section in sections for name in section.__dataclass_fields__}
    variables = set(re.findall(r"firstword_[a-z_]+", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")))
    named = set(re.findall(r"`([a-z][a-z_-]+)`", page))
    assert len(named) > 40
    assert named - settings - NAMES - variables - OTHERS == set()


def test_the_numbers_on_the_chinese_page_are_the_defaults() -> None:
    page = (ROOT / "docs" / "zh.md").read_text(encoding="utf-8")
    told = re.findall(r"`([a-z-]+)`（(\d+)", page)
    assert len(told) >= 8
    assert [(name, value) for name, value in told if str(getattr(Profile(), name.replace("-", "_"))) != value] == []


def test_the_waits_on_the_page_of_conversations_are_the_defaults() -> None:
    page = (ROOT / "docs" / "conversation.md").read_text(encoding="utf-8")
    told = re.findall(r"^\|[^|]*\| ([\d,]+) ms[^|]*\| `(\w+)`", page, re.MULTILINE)
    assert len(told) == 4
    assert [(ms, name) for ms, name in told if getattr(Profile(), name) != int(ms.replace(",", ""))] == []


def test_every_error_on_the_chinese_page_is_one_that_is_said() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "lib" / "firstword").rglob("*.py"))
    errors = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    table = (ROOT / "docs" / "zh.md").read_text(encoding="utf-8").partition("## 常见错误")[2]
    for code in re.findall(r"`\[([A-Za-z0-9 ]+)\]`", table):
        assert f"`{code}`" in errors, code
    for line in ("is not UTF-8", "can be read by others; chmod 600 it", "nobody listens at", "the service was not ready within",
                 "no key is sent there", "there is no such destination", "there is no profile",
                 "is split at |, not at the full-width ｜", "can not be reached"):  # fmt: skip
        assert line.replace("|", "\\|") in table or line in table, line
        assert line in said, line


def test_what_the_chinese_page_says_of_a_misspelt_name_is_what_is_said() -> None:
    with pytest.raises(ConfigError, match=re.escape("unknown setting 'greting' (did you mean 'greeting'?)")):
        bind(Profile, {"greting": ""}, "profile 'default'")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_the_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([A-Za-z0-9_./-]+\.md)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
