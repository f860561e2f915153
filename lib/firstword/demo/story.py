"""What is played: the caller's script and recordings, the model's replies, the bot's profile."""

from __future__ import annotations

import csv
import dataclasses
import sys
from pathlib import Path

from ..errors import ScriptError
from ..sim.script import Play, Say, Script, load, parse

SCRIPTS = Path(__file__).parent / "scripts"
REPLIES = SCRIPTS / "replies.yaml"
_CHECKOUT = Path(__file__).parents[3]
TRANSCRIPTS = "transcripts.tsv"

PROFILE: dict[str, object] = {
    "greeting": "您好，这里是快递客服，请问有什么可以帮您？",
    "goodbye": "感谢您的来电，再见。",
    "system": "你是一家快递公司的电话客服，正在和客户通电话。每次只用一两句简短自然的口语回答，总共不超过四十个字，不用列表、符号和表情。"
    "客户打断你时，先听客户说完。不知道的事就说需要再查一下。",
}
"""The bot: customer service of a courier company."""


def recordings() -> Path | None:
    """Where the recorded caller's sentences are: in the checkout, or where pip put them; None if they are nowhere."""
    places = (_CHECKOUT / "tests" / "recordings" / "caller", Path(sys.prefix) / "share" / "firstword" / "caller")
    return next((place for place in places if (place / TRANSCRIPTS).is_file()), None)


def caller(script: Path | None, folder: Path | None, byte_ms: int) -> Script:
    """The caller: of a file, or the recorded one with the sentences in `folder`, or the one with the tone voice at this pace.

    Raises:
        ScriptError: the file can not be used.
    """
    if script is None and folder is not None:
        path = SCRIPTS / "recorded.yaml"
        return parse(path.read_text(encoding="utf-8"), path.name, folder)
    made = load(script or SCRIPTS / "tone.yaml")
    if script is not None:
        return made
    steps = tuple(dataclasses.replace(step, byte_ms=byte_ms) if isinstance(step, Say) else step for step in made.steps)
    return dataclasses.replace(made, steps=steps, byte_ms=byte_ms)


def sentences(script: Script, folder: Path | None) -> dict[str, str]:
    """What is said in each recording of `script`, by its name, where it is known."""
    known: dict[str, str] = {}
    if folder is not None:
        try:
            with (folder / TRANSCRIPTS).open(encoding="utf-8", newline="") as table:
                known = {row["file"]: row["text"] for row in csv.DictReader(table, delimiter="\t")}
        except (OSError, KeyError) as error:
            raise ScriptError(f"{folder / TRANSCRIPTS} can not be read: {error}") from error
    return {step.name: known.get(step.name, step.name) for step in script.steps if isinstance(step, Play)}
