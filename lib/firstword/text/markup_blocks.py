"""Blocks that a voice does not read line by line: code, tables, calls of tools that were written into the reply. For `markup`. [pure]"""

from __future__ import annotations

import re

from .scan import NOT_MINE, WAIT, Rule, Scan

LONGEST_INFO = 100
"""Characters behind the backticks that open a block of code."""
LONGEST_ROW = 1000
"""Characters of a table's first row, which is looked at whole."""

_FENCE = re.compile(rf"(`{{3,12}}|~{{3,12}})([^\n`]{{0,{LONGEST_INFO}}})(\n|\Z)")
_FENCE_BEGUN = re.compile(rf"(?:`{{1,12}}|~{{1,12}}|(?:`{{3,12}}|~{{3,12}})[^\n`]{{0,{LONGEST_INFO}}})\Z")
_DELIMITERS = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_TOOL = re.compile(
    r'\[?\s{0,4}\{\s{0,8}"(?:name|function|tool|tool_name|tool_calls|arguments|action|function_call)"\s{0,4}:'
)
_TOOL_BEGUN = re.compile(r'\[?\s{0,4}(?:\{\s{0,8}(?:"[a-z_]{0,13}"?\s{0,4})?)?\Z')
_QUOTE = re.compile(r'[{}\[\]"\\]')


def to_line_end(scan: Scan, text: str, at: int, last: bool) -> int:
    """A mode: nothing is spoken to the end of the line."""
    end = text.find("\n", at)
    if end < 0:
        end = len(text)
    else:
        scan.mode = None
    scan.silent(end - at)
    return end - at


# -- code ----------------------------------------------------------------------------------------------------------------


def fence(scan: Scan, text: str, at: int, last: bool) -> int:
    """A line of three backticks or more, or waves: the code behind it."""
    found = _FENCE.match(text, at)
    if not found or (not found[3] and not last):
        return WAIT if not last and _FENCE_BEGUN.match(text, at) else NOT_MINE
    characters = found.end() - at
    if scan.reading.code == "announce":
        scan.say(scan.code_sentence(), characters, fixed=True)
    else:
        scan.silent(characters)
    scan.mode = _code(found[1], aloud=scan.reading.code == "read")
    return characters


def _code(opened: str, *, aloud: bool) -> Rule:
    """A mode: to the line that closes it."""
    closing = re.compile(rf" {{0,3}}{re.escape(opened[0])}{{{len(opened)},}}[ \t]*(\n|\Z)")
    begun = re.compile(rf" {{0,3}}{re.escape(opened[0])}{{0,{len(opened) + 20}}}[ \t]{{0,20}}\Z")

    def mode(scan: Scan, text: str, at: int, last: bool) -> int:
        if scan.before == "\n":
            found = closing.match(text, at)
            if found and (found[1] or last):
                scan.mode = None
                scan.line_over()
                scan.silent(found.end() - at)
                return found.end() - at
            if not last and begun.match(text, at):
                return WAIT
        end = text.find("\n", at) + 1 or len(text)
        if not aloud:
            scan.silent(end - at)
        elif text[end - 1] == "\n":
            scan.plain(text[at : end - 1])
            scan.pause(1, whole=False)
        else:
            scan.plain(text[at:end])
        return end - at

    return mode


# -- tables --------------------------------------------------------------------------------------------------------------


def table(scan: Scan, text: str, at: int, last: bool) -> int:
    """A line from ``|`` to ``|`` with another such line below it."""
    end = text.find("\n", at, at + LONGEST_ROW)
    if end < 0:
        return WAIT if not last and len(text) - at < LONGEST_ROW else NOT_MINE
    if text.count("|", at, end) < 2 or text[at:end].rstrip()[-1] != "|":
        return NOT_MINE
    below = end + 1
    while below < len(text) and text[below] in " \t" and below - end < 8:
        below += 1
    if below == len(text):
        return NOT_MINE if last else WAIT
    if text[below] != "|":
        return NOT_MINE
    if scan.reading.tables == "announce":
        scan.say(scan.table_sentence(), 1, fixed=True)
    else:
        scan.silent(1)
    scan.mode = _Rows(aloud=scan.reading.tables == "read").row
    return 1


class _Rows:
    """A mode: the rows of a table, from behind the ``|`` of the first."""

    def __init__(self, *, aloud: bool) -> None:
        self._aloud = aloud
        self._within = True
        """In a row, behind its first ``|``."""

    def row(self, scan: Scan, text: str, at: int, last: bool) -> int:
        if not self._within:
            return self._next(scan, text, at, last)
        if not self._aloud:
            end = text.find("\n", at) + 1 or len(text)
            self._within = text[end - 1] != "\n"
            scan.silent(end - at)
            return end - at
        return self._cells(scan, text, at, last)

    def _next(self, scan: Scan, text: str, at: int, last: bool) -> int:
        """At the start of a line: another row, or what follows the table."""
        begin = at
        while begin < len(text) and text[begin] in " \t" and begin - at < 8:
            begin += 1
        if begin == len(text) and not last:
            return WAIT
        if text[begin : begin + 1] != "|":
            scan.mode = None
            scan.line_over()
            return NOT_MINE
        scan.silent(begin + 1 - at)
        self._within = True
        return begin + 1 - at

    def _cells(self, scan: Scan, text: str, at: int, last: bool) -> int:
        """A whole row at once, as far as one is bounded."""
        end = text.find("\n", at, at + LONGEST_ROW)
        if end < 0:
            if not last and len(text) - at < LONGEST_ROW:
                return WAIT
            end = min(len(text), at + LONGEST_ROW)
            line, whole = text[at:end], end == len(text) and last
        else:
            end += 1
            line, whole = text[at : end - 1], True
        self._within = not whole
        if _DELIMITERS.fullmatch(line.strip()):
            scan.silent(end - at)
            return end - at
        self._speak(scan, line)
        if len(line) < end - at:
            scan.pause(1, whole=True)
        return end - at

    @staticmethod
    def _speak(scan: Scan, line: str) -> None:
        content = line.rstrip(" \t|")
        for number, cell in enumerate(content.split("|")):
            if number:
                scan.pause(1, whole=False)
            words = cell.strip()
            before = len(cell) - len(cell.lstrip())
            scan.silent(before)
            for character in words:
                if character in "*`":
                    scan.silent(1)
                else:
                    scan.plain(character)
            scan.silent(len(cell) - before - len(words))
        scan.silent(len(line) - len(content))


# -- calls of tools ------------------------------------------------------------------------------------------------------


def tool_call(scan: Scan, text: str, at: int, last: bool) -> int:
    """``{"name": ..., "arguments": ...}``: to the bracket that closes it."""
    if _TOOL.match(text, at):
        scan.mode = _Json().rest
        return scan.mode(scan, text, at, last)
    return WAIT if not last and _TOOL_BEGUN.match(text, at) else NOT_MINE


class _Json:
    """A mode: JSON, as deep as it is."""

    def __init__(self) -> None:
        self._depth = 0
        self._string = False
        self._escaped = False

    def rest(self, scan: Scan, text: str, at: int, last: bool) -> int:
        position = at
        if self._escaped:
            self._escaped = False
            position += 1
        while found := _QUOTE.search(text, position):
            position = found.end()
            sign = found[0]
            if sign == "\\":
                self._escaped = self._string and position == len(text)
                position += self._string
            elif sign == '"':
                self._string = not self._string
            elif not self._string:
                self._depth += 1 if sign in "{[" else -1
                if self._depth <= 0:
                    scan.mode = None
                    scan.silent(position - at)
                    return position - at
        scan.silent(len(text) - at)
        return len(text) - at


_AGENT = re.compile(r"✿(?:(?:FUNCTION|ARGS|RESULT)✿|(RETURN)✿:?)")
_AGENT_BEGUN = re.compile(r"✿[A-Z]{0,8}✿?\Z")


def agent_line(scan: Scan, text: str, at: int, last: bool) -> int:
    """``✿FUNCTION✿: name`` and what else such agents write for themselves; of ``✿RETURN✿: answer`` the answer is spoken."""
    found = _AGENT.match(text, at)
    if found and found[1] is None:
        scan.mode = to_line_end
        return to_line_end(scan, text, at, last)
    if not last and (_AGENT_BEGUN.match(text, at) or (found and found.end() == len(text))):
        return WAIT
    if not found:
        return NOT_MINE
    scan.silent(found.end() - at)
    return found.end() - at
