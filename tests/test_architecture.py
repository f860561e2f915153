"""The house: one import arrow, pure files, one door to threads and to time."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

LIB = Path(__file__).parent.parent / "lib" / "firstword"

RANKS = [
    {"events", "commands", "errors", "clock", "threads", "options", "privacy", "syscalls"},
    {"audio", "text", "turn"},
    {"speech", "host.api"},
    {"net"},
    {"providers"},
    {"call"},
    {"host"},
    {"gateway", "sim", "install"},
    {"live"},
    {"bench", "demo", "doctor", "cli"},
]
SIBLINGS_MAY = {("turn", "text"), ("sim", "gateway"), ("bench", "demo"), ("cli", "bench"), ("cli", "demo")}
LEAF = RANKS[0]
PURE = [
    "events", "commands", "errors", "options", "turn", "audio.pcm", "audio.tone", "audio.resample", "audio.ears",
    "audio.playout", "audio.echo", "audio.echo_path", "audio.echo_delay", "audio.band_stream",
    "text.segment", "text.utterance", "text.said", "text.question", "text.answer", "text.dictation", "text.chinese", "text.english",
    "text.atom", "text.reading", "text.pace", "text.pictures", "text.scan", "text.formula", "text.markup", "text.markup_lines",
    "text.markup_blocks", "text.markup_inline", "text.markup_links", "text.markup_asides", "text.markup_tags",
    "text.markup_math", "text.lexicon", "text.reader", "text.boundary",
    "demo.writing", "demo.reading",
    "text.backchannel", "text.phrases", "text.transcript", "text.numerals",
    "providers.aliyun.wire", "providers.aliyun.marks", "providers.aliyun.signature", "providers.aliyun.status",
    "providers.dashscope.wire", "providers.dashscope.status", "gateway.dashscope.wire",
    "providers.dashscope.realtime_wire", "providers.dashscope.qwen_utterances", "providers.dashscope.qwen_clauses",
    "gateway.dashscope.realtime_wire",
    "net.redact", "net.allowed", "net.public", "net.timers", "audio.tone_code", "audio.tone_bursts", "providers.openai.wire",
    "speech.trickle", "text.tokens", "call.heard", "call.history", "call.exchange", "call.timers",
    "bench.score", "sim.room", "speech.unfinished", "speech.fallback.breaker", "speech.fallback.pace", "speech.fallback.passage",
    "net.failures", "net.sse", "speech.answer", "speech.chat_form", "providers.openai.status",
    "providers.dashscope.generation_wire", "providers.dashscope.asr_wire",
    "gateway.dashscope.generation_wire", "gateway.dashscope.recognition_wire",
    "text.markup_keys", "text.roman", "text.spoken", "text.alphabet", "text.runs", "text.kinds", "text.units", "text.electronic",
    "text.zh.numbers", "text.zh.context", "text.zh.dates", "text.zh.amounts", "text.zh.measures", "text.zh.codes", "text.zh.signs",
    "text.zh.letters",
    "text.zh.kinds", "text.en.numbers", "text.en.context", "text.en.dates", "text.en.amounts", "text.en.codes", "text.en.signs",
    "text.en.times", "text.zh.strokes", "text.en.measures", "text.en.letters", "text.en.kinds",
    "bench.readings",
    "gateway.messages",
    "call.tools.actions", "call.tools.builtin", "call.tools.dialplan", "call.tools.http_tool", "call.tools.parameters",
    "call.tools.permissions", "call.tools.pointer", "call.tools.told", "call.tools.toolbox", "call.tools.url_template", "call.tools.usage",
    "live.sip", "live.sdp", "live.rtp", "live.dialog", "live.transactions", "live.scenario",
]  # fmt: skip
WAITING = {
    "socket",
    "threading",
    "time",
    "queue",
    "select",
    "selectors",
    "subprocess",
    "asyncio",
    "requests",
    "websocket",
}

MODULES = {
    ".".join(path.relative_to(LIB).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(LIB.rglob("*.py"))
}


def slice_of(module: str) -> str:
    return "host.api" if module == "host.api" else module.split(".")[0]


def rank(name: str) -> int:
    return next(at for at, names in enumerate(RANKS) if name in names)


def imports(module: str) -> set[str]:
    """What `module` imports, of ours as ``.dotted.name``, of others by the first part. Imports under TYPE_CHECKING do not count."""
    tree = ast.parse(MODULES[module].read_text())
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    package = module.split(".") if MODULES[module].name == "__init__.py" else module.split(".")[:-1]
    if module == "__init__":
        package = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                own = alias.name.startswith("firstword.")
                found.add("." + alias.name.removeprefix("firstword.") if own else alias.name.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
                parts = [*base, *(node.module.split(".") if node.module else [])]
                names = [".".join([*parts, alias.name]) for alias in node.names]
                found |= {"." + (name if name in MODULES else ".".join(parts)) for name in names}
            elif node.module and node.module.split(".")[0] == "firstword":
                found.add("." + (node.module.removeprefix("firstword").lstrip(".") or "__init__"))
            elif node.module:
                found.add(node.module.split(".")[0])
    return found - {".", ".__init__"}


@pytest.mark.parametrize("module", [module for module in MODULES if module != "__init__"])
def test_imports_point_one_way(module: str) -> None:
    mine = slice_of(module)
    for imported in imports(module):
        if not imported.startswith("."):
            continue
        theirs = slice_of(imported[1:])
        if theirs == mine or (mine, theirs) in SIBLINGS_MAY or (mine in LEAF and theirs in LEAF):
            continue
        assert rank(theirs) < rank(mine), f"{module} must not import {imported}"


@pytest.mark.parametrize("module", PURE)
def test_a_pure_file_imports_nothing_that_waits(module: str) -> None:
    assert not imports(module) & WAITING


def test_a_vendor_never_imports_another() -> None:
    for module in MODULES:
        if module.startswith("providers.") and module.count(".") > 1:
            vendor = module.split(".")[1]
            others = {name for name in imports(module) if name.startswith(".providers.")} - {f".providers.{vendor}"}
            assert all(name.startswith(f".providers.{vendor}.") for name in others), module


def test_threads_and_sleeps_have_one_door() -> None:
    for module, path in MODULES.items():
        called = {
            ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        }
        assert "threading.Thread" not in called or module in ("threads", "sim.switch"), (
            f"{module} makes a thread of its own"
        )
        assert "time.sleep" not in called or module == "clock", f"{module} sleeps"


def test_the_installer_needs_nothing_that_is_not_there_before_it() -> None:
    before = [module for module in MODULES if slice_of(module) == "install" or module == "live.find"]
    found = set().union(*(imports(module) for module in before))
    theirs = {name for name in found if not name.startswith((".errors", ".privacy", ".install"))}
    assert theirs - {"voicebot"} <= sys.stdlib_module_names  # the door: what the probe is about


def test_no_vendor_is_named_in_the_middle() -> None:
    for module, path in MODULES.items():
        if slice_of(module) in ("turn", "call", "audio", "text", "speech", "events", "commands"):
            names = {node.id.lower() for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
            assert not {"aliyun", "nls", "dashscope", "openai"} & names, module
