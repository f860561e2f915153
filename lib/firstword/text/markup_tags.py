"""Tags, entities, and what a model writes between tags for nobody's ears: thoughts, calls of tools. For `markup`. [pure]"""

from __future__ import annotations

import html
import re

from .scan import NOT_MINE, WAIT, Rule, Scan, silent_until

LONGEST_TAG = 300
LONGEST_ENTITY = 12

_TAG = re.compile(
    r"</?([A-Za-z][A-Za-z0-9_:\-]{0,30})((?:\s+[A-Za-z_:@][\w:.\-]{0,40}\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>=`]+))*)\s*/?>"
)
_BEGUN = re.compile(r"</?(?:[A-Za-z][^<>\n]*)?\Z")
_FUNCTION = re.compile(r"<(?:function|tool|invoke)=[^<>\n]{1,60}>")
_ADDRESS = re.compile(r"<((?:https?://|mailto:)[^\s<>]{1,250}|[\w.+\-]{1,60}@[\w.\-]{1,80})>")
_TOKEN = re.compile(r"<[|｜]([^<>|｜\n]{1,40})[|｜]>")
_TOKEN_BEGUN = re.compile(r"<[|｜][^<>|｜\n]{0,40}[|｜]?\Z")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,8});")
_ENTITY_BEGUN = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{0,7}|[A-Za-z][A-Za-z0-9]{0,8})?\Z")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KNOWN = _set("""a abbr article aside audio b big blockquote body br button caption center cite code col dd del details div dl dt em figure
    footer font h1 h2 h3 h4 h5 h6 head header hr html i img ins kbd label li link main mark meta nav ol p pre q s samp section small source
    span strike strong sub summary sup table tbody td th thead title tr tt u ul var video wbr answer response output final result""")
_BREAKS = _set("br p div li tr h1 h2 h3 h4 h5 h6 ul ol table blockquote hr dd dt section article pre")
_CELLS = frozenset(("td", "th"))
_HIDDEN = _set("""think thinking thought thoughts reasoning reflection scratchpad analysis tool_call tool_calls tool_response function_call
    function_calls function tool invoke antml:function_calls script style svg math""")


def tag(scan: Scan, text: str, at: int, last: bool) -> int:
    """``<b>``, ``<br>``, ``<think>``, ``<|im_end|>``, ``<https://...>``; 5 < 6 and <姓名> stay."""
    following = text[at + 1 : at + 2]
    if not following:
        return NOT_MINE if last else WAIT
    if following in "|｜":
        return _token(scan, text, at, last)
    if following == "!":
        return _comment(scan, text, at, last)
    end = text.find(">", at, at + LONGEST_TAG)
    if end < 0:
        begun = not last and len(text) - at < LONGEST_TAG and _BEGUN.match(text, at)
        return WAIT if begun else NOT_MINE
    if found := _ADDRESS.fullmatch(text, at, end + 1):
        return _written(scan, found)
    if _FUNCTION.fullmatch(text, at, end + 1):
        return _hide(scan, text, at, last, end, "function")
    found = _TAG.fullmatch(text, at, end + 1)
    if not found:
        return NOT_MINE
    name, closes = found[1].lower(), text[at + 1] == "/"
    if name in _HIDDEN:
        if closes or text[end - 1] == "/":
            scan.silent(end + 1 - at)
            return end + 1 - at
        return _hide(scan, text, at, last, end, name)
    if name not in _KNOWN:
        return NOT_MINE
    if name in _BREAKS or (name in _CELLS and closes):
        scan.silent(end - at)
        scan.pause(1, whole=name not in _CELLS and name != "br")
        if name not in _CELLS:
            scan.line_over()
    else:
        scan.silent(end + 1 - at)
    return end + 1 - at


def _written(scan: Scan, found: re.Match[str]) -> int:
    scan.silent(1)
    scan.plain(found[1].removeprefix("mailto:"))
    scan.silent(1 + len(found[1]) - len(found[1].removeprefix("mailto:")))
    return len(found[0])


def _hide(scan: Scan, text: str, at: int, last: bool, end: int, name: str) -> int:
    """What stands between the tag that ends at `end` and the one that closes it is not spoken."""
    scan.silent(end + 1 - at)
    scan.mode = silent_until(re.compile(re.escape(f"</{name}>"), re.IGNORECASE), len(name) + 3)
    return end + 1 - at


def _comment(scan: Scan, text: str, at: int, last: bool) -> int:
    opened = text[at : at + 4]
    if opened == "<!--":
        scan.silent(4)
        scan.mode = silent_until(re.compile("-->"), 3)
        return 4
    return WAIT if not last and "<!--".startswith(opened) else NOT_MINE


def _token(scan: Scan, text: str, at: int, last: bool) -> int:
    """A model's own sign, such as ``<|im_end|>``. One that begins the calls of tools hides them."""
    found = _TOKEN.match(text, at)
    if not found:
        return WAIT if not last and _TOKEN_BEGUN.match(text, at) else NOT_MINE
    name = found[1].replace("▁", "_").lower()
    scan.silent(len(found[0]))
    if "tool" in name and name.endswith("begin"):
        closing = found[0][:2] + found[1][: -len("begin")] + "end" + found[0][-2:]
        scan.mode = silent_until(re.compile(re.escape(closing)), len(closing))
    return len(found[0])


def entity(scan: Scan, text: str, at: int, last: bool) -> int:
    """``&amp;`` is the sign it stands for; R&D stays."""
    found = _ENTITY.match(text, at)
    if not found:
        return WAIT if not last and _ENTITY_BEGUN.match(text, at) else NOT_MINE
    sign = html.unescape(found[0]).replace("\xa0", " ")
    if sign == found[0]:
        return NOT_MINE
    scan.say(sign if sign.isprintable() else "", len(found[0]))
    return len(found[0])


RULES: dict[str, tuple[Rule, ...]] = {"<": (tag,), "&": (entity,)}
