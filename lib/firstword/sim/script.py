"""What a scripted caller does, step by step: from YAML, or from the dataclasses themselves.

    name: asks twice, interrupts once
    byte_ms: 60                 # pace of the tone voice (default 60)
    silence: 800 ms             # how long the bot must be silent to have finished (default 800 ms)
    within: 30 s                # how long any wait may take (default 30 s)
    steps:
      - wait_for: silence       # the bot has spoken since the caller last did, and has finished
      - say: 你好               # in the tone voice; `byte_ms: 40` beside it changes the pace
      - say: [我的号码是, pause: 700 ms, "138", noise: cough, pause: 0.6 s, "1234"]     # one turn, with pauses and noise in it
      - wait_for: reply         # the bot begins to speak
      - interrupt_after: 800 ms # the same, and so much later
      - play: order.wav         # mono or stereo, 8 to 48 kHz, 16 bits; relative to the script
      - wait_for: {words: 再见} # the bot said so, in the tone voice
      - wait: 1.5 s
      - backchannel: 嗯         # said as a listener does, while the other speaks: no turn, nothing to answer
      - noise: cough            # or knock, hiss; beside whatever else is said from now on, so the next step comes at once
        ms: 150                 # how long (default 150 ms)
        dbfs: -24               # how loud (default -24, as the tone voice)
      - key: "1"                # or several: "123#"
      - wait_for: end           # the bot hangs up
      - hang_up

A list of steps alone is a script too. `within` and `silence` may also stand beside a ``wait_for``. When the last step is done the caller
hangs up.

What his line does stands beside `steps`: ``echo: {db: -20, delay_ms: 120}`` sends back what he hears, ``line_noise: -50`` is steady noise,
in dBFS. `about` is for others, who judge the call by it: the caller does not read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from ..audio import tone
from ..errors import ScriptError
from ..options import did_you_mean
from .room import NOISES, Echo, Noise
from .wav import read_wav

KEYS = "0123456789*#ABCD"
Awaited = Literal["reply", "silence", "words", "end"]


@dataclass(frozen=True, slots=True)
class Say:
    """Speak in the tone voice, and go on when it is said."""

    text: str
    byte_ms: int = tone.BYTE_MS


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence inside what is said."""

    seconds: float


Part = str | Pause | Noise


@dataclass(frozen=True, slots=True)
class SayInParts:
    """Speak in the tone voice, with pauses and noise between the texts: one turn all the same. Begins and ends with a text."""

    parts: tuple[Part, ...]
    byte_ms: int = tone.BYTE_MS


@dataclass(frozen=True, slots=True)
class Backchannel:
    """Say something that is no turn."""

    text: str
    byte_ms: int = tone.BYTE_MS


@dataclass(frozen=True, slots=True)
class MakeNoise:
    """Begin to make this noise, and go on at once."""

    noise: Noise


@dataclass(frozen=True, slots=True)
class Play:
    """Say a recording: `pcm` is 16-bit little-endian mono at `rate`."""

    name: str
    pcm: bytes
    rate: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait until the bot begins to speak, has finished, has said `words`, or has hung up; at most `within` seconds."""

    what: Awaited
    words: str = ""
    within: float = 30.0
    silence: float = 0.8


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys, one after another."""

    keys: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Step = Say | SayInParts | Backchannel | MakeNoise | Play | Wait | WaitFor | Press | HangUp


@dataclass(frozen=True, slots=True)
class Script:
    """A whole caller."""

    steps: tuple[Step, ...]
    name: str = "caller"
    byte_ms: int = tone.BYTE_MS
    """The pace at which the bot's words are read."""
    echo: Echo | None = None
    line_noise: float | None = None
    """dBFS."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What stands under ``about`` in the file."""


def load(path: Path) -> Script:
    """Read a YAML script, and the recordings it names.

    Raises:
        ScriptError: a file can not be read, or a step is not understood; the text names the file and the step.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScriptError(f"{path} can not be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path} is not text in UTF-8") from error
    return parse(text, str(path), path.parent)


def parse(text: str, where: str, folder: Path) -> Script:
    """A script from YAML text; `where` names it in errors, `folder` is where its recordings are. Raises ScriptError."""
    try:
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ScriptError(f"{where}, line {line}: {error.problem or 'this is not YAML'}") from error
    except yaml.YAMLError as error:
        raise ScriptError(f"{where}: this is not YAML ({error})") from error
    settings = content if isinstance(content, dict) else {"steps": content}
    return _Reader(where, folder, settings).script()


class _Reader:
    """From loaded YAML to steps; knows where it is, for the errors."""

    SETTINGS = ("name", "byte_ms", "silence", "within", "echo", "line_noise", "about", "steps")

    def __init__(self, where: str, folder: Path, settings: Mapping[str, Any]) -> None:
        self._where = where
        self._folder = folder
        self._settings = settings
        self._readers: dict[str, Callable[[Any, Mapping[str, Any]], list[Step]]] = {
            "say": self._say,
            "backchannel": self._backchannel,
            "noise": lambda value, rest: [MakeNoise(self._noise(value, rest))],
            "play": self._play,
            "wait": lambda value, rest: [Wait(self._seconds(value))],
            "wait_for": self._wait_for,
            "interrupt_after": self._interrupt_after,
            "key": self._key,
            "hang_up": lambda value, rest: [HangUp()],
        }
        self._beside = {
            "say": ("byte_ms",),
            "backchannel": ("byte_ms",),
            "noise": ("ms", "dbfs"),
            "wait_for": ("within", "silence"),
            "interrupt_after": ("within",),
        }

    def script(self) -> Script:
        self._known(self._settings, self.SETTINGS, "setting")
        steps = self._settings.get("steps")
        if not isinstance(steps, list) or not steps:
            raise self._error("there are no steps: a script is a list of steps, or has one under 'steps'")
        self._byte_ms = self._pace(self._settings.get("byte_ms", tone.BYTE_MS))
        self._silence = self._seconds(self._settings.get("silence", "800 ms"))
        self._within = self._seconds(self._settings.get("within", "30 s"))
        made: list[Step] = []
        top = self._where
        for number, step in enumerate(steps, 1):
            self._where = f"{top}, step {number}"
            made += self._step(step)
        self._where = top
        return Script(
            tuple(made),
            str(self._settings.get("name", Path(top).stem)),
            self._byte_ms,
            self._echo(),
            self._line_noise(),
            self._about(),
        )

    def _echo(self) -> Echo | None:
        value = self._settings.get("echo")
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self._error(f"echo takes {{db: -20, delay_ms: 120}}, not {value!r}")
        self._known(value, ("db", "delay_ms"), "setting of echo")
        db = self._number(value.get("db", -20), -60, 0, "db")
        return Echo(db, self._number(value.get("delay_ms", 120), 20, 1000, "delay_ms"))

    def _line_noise(self) -> float | None:
        value = self._settings.get("line_noise")
        return None if value is None else self._number(value, -80, -10, "line_noise")

    def _about(self) -> Mapping[str, Any]:
        about = self._settings.get("about") or {}
        if not isinstance(about, dict):
            raise self._error(f"about takes names with values, not {about!r}")
        return about

    def _step(self, step: Any) -> list[Step]:
        if isinstance(step, str):
            step = {step: None}
        if not isinstance(step, dict) or not step:
            raise self._error(f"a step is a word with a value, such as 'say: hello', not {step!r}")
        names = [name for name in step if name in self._readers]
        if len(names) != 1:
            name = next(iter(step))
            if names:
                raise self._error(f"two steps in one: {' and '.join(names)}; each needs its own dash")
            raise self._error(f"unknown step {name!r}{did_you_mean(str(name), self._readers)}")
        name = names[0]
        rest = {key: value for key, value in step.items() if key != name}
        self._known(rest, self._beside.get(name, ()), f"setting of {name}")
        return self._readers[name](step[name], rest)

    def _say(self, value: Any, rest: Mapping[str, Any]) -> list[Step]:
        pace = self._pace(rest.get("byte_ms", self._byte_ms))
        if isinstance(value, list):
            parts = tuple(map(self._part, value))
            if not parts or not isinstance(parts[0], str) or not isinstance(parts[-1], str):
                raise self._error("what is said in parts begins and ends with a text")
            return [SayInParts(parts, pace)]
        return [Say(self._text(value, "say"), pace)]

    def _part(self, value: Any) -> Part:
        if isinstance(value, dict) and "pause" in value:
            self._known(value, ("pause",), "setting of a pause")
            return Pause(self._seconds(value["pause"]))
        if isinstance(value, dict) and "noise" in value:
            rest = {name: setting for name, setting in value.items() if name != "noise"}
            self._known(rest, self._beside["noise"], "setting of noise")
            return self._noise(value["noise"], rest)
        if not isinstance(value, str) or not value:  # a number without quotes may have lost its zeros
            raise self._error(f"a part is a text (digits in quotes), 'pause: 700 ms' or 'noise: cough', not {value!r}")
        return value

    def _backchannel(self, value: Any, rest: Mapping[str, Any]) -> list[Step]:
        return [Backchannel(self._text(value, "backchannel"), self._pace(rest.get("byte_ms", self._byte_ms)))]

    def _noise(self, value: Any, rest: Mapping[str, Any]) -> Noise:
        if value not in NOISES:
            raise self._error(f"noise takes {', '.join(NOISES)}, not {value!r}{did_you_mean(str(value), NOISES)}")
        ms = round(self._number(rest.get("ms", 150), 20, 10_000, "ms"))
        return Noise(value, ms, self._number(rest.get("dbfs", -24), -60, -10, "dbfs"))

    def _text(self, value: Any, step: str) -> str:
        if value is None or isinstance(value, dict | list) or str(value) == "":
            raise self._error(f"{step} needs a text")
        return str(value)

    def _play(self, value: Any, rest: Mapping[str, Any]) -> list[Step]:
        if not isinstance(value, str) or not value:
            raise self._error("play needs the name of a WAV file")
        try:
            pcm, rate = read_wav(self._folder / value)
        except ScriptError as error:
            raise self._error(str(error)) from error
        return [Play(value, pcm, rate)]

    def _wait_for(self, value: Any, rest: Mapping[str, Any]) -> list[Step]:
        words = ""
        if isinstance(value, dict):
            self._known(value, ("words",), "thing to wait for")
            words = str(value.get("words") or "")
            value = "words"
            if not words:
                raise self._error("wait_for words needs a text: 'wait_for: {words: hello}'")
        elif value == "words":
            raise self._error("wait_for words needs a text: 'wait_for: {words: hello}'")
        if value not in get_args(Awaited):
            raise self._error(
                f"wait_for takes {', '.join(get_args(Awaited))}, not {value!r}{did_you_mean(str(value), get_args(Awaited))}"
            )
        within = self._seconds(rest["within"]) if "within" in rest else self._within
        silence = self._seconds(rest["silence"]) if "silence" in rest else self._silence
        return [WaitFor(value, words, within, silence)]

    def _interrupt_after(self, value: Any, rest: Mapping[str, Any]) -> list[Step]:
        return [*self._wait_for("reply", rest), Wait(self._seconds(value))]

    def _key(self, value: Any, rest: Mapping[str, Any]) -> list[Step]:
        keys = str(value).upper()
        if value is None or not keys or any(key not in KEYS for key in keys):
            raise self._error(f'key takes some of 0-9 * # A-D in quotes, such as key: "1#", not {value!r}')
        return [Press(keys)]

    def _seconds(self, value: Any) -> float:
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s)\s*", str(value))
        if not found:
            raise self._error(f"{value!r} is no time: write 500 ms or 1.5 s")
        return float(found[1]) / (1000 if found[2] == "ms" else 1)

    def _pace(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 20 <= value <= 1000:
            raise self._error(f"byte_ms takes 20 to 1000, not {value!r}")
        return value

    def _number(self, value: Any, low: float, high: float, name: str) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise self._error(f"{name} takes {low:g} to {high:g}, not {value!r}")
        return float(value)

    def _known(self, given: Mapping[str, Any], known: tuple[str, ...], kind: str) -> None:
        for name in given:
            if name not in known:
                raise self._error(f"unknown {kind} {name!r}{did_you_mean(str(name), known)}")

    def _error(self, text: str) -> ScriptError:
        return ScriptError(f"{self._where}: {text}")
