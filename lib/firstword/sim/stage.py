"""A stage to play calls on: a gateway somewhere, a simulated switch configured for it, and callers from scripts.

with Gateway(GatewayOptions()) as gateway, Stage(folder, configuration(Place.of(gateway))) as stage:
    played = stage.play(script)
    assert played.conversation.heard_text() == "您好"
    assert played.record["result"] == "hangup"
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from ..clock import SYSTEM, Clock
from ..errors import ScriptError
from ..gateway.options import LOOPBACK
from ..host import service
from .caller import Conversation, converse
from .script import Script
from .switch import SimCall, SimSwitch

if TYPE_CHECKING:
    from ..gateway.server import Gateway

_CHECKOUT = Path(__file__).parents[3] / "fs_scripts"
SCRIPTS = _CHECKOUT if _CHECKOUT.is_dir() else Path(sys.prefix) / "share" / "firstword" / "fs_scripts"
"""The door: in a checkout, or where pip put it."""


@dataclass(frozen=True)
class Place:
    """Where a gateway listens, and what it takes for a client of its own. Loopback credentials, not secrets."""

    ws_url: str
    token_url: str
    chat_url: str
    appkey: str
    access_key_id: str
    access_key_secret: str
    api_key: str

    @classmethod
    def of(cls, gateway: Gateway) -> Place:
        return cls(**{name: getattr(gateway, name) for name in cls.__dataclass_fields__})

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Place:
        """From what ``firstword gateway --json`` wrote."""
        return cls(**{name: str(values[name]) for name in cls.__dataclass_fields__})


def configuration(
    place: Place,
    profile: Mapping[str, object] = {},
    *,
    asr: Mapping[str, object] = {},
    llm: Mapping[str, object] = {},
    tts: Mapping[str, object] = {},
    settings: Mapping[str, object] = {},
    profiles: Mapping[str, Mapping[str, object]] = {},
    tools: str = "",
    others: Sequence[tuple[str, str, str, Mapping[str, object]]] = (),
) -> str:
    """``firstword.conf`` for a gateway at `place`: a profile ``default`` with these settings over the usual ones, and `profiles`, which
    inherit from it; `tools` is the section ``<tools>`` as it stands, `others` are further services: name, kind, vendor, settings. Unless
    `settings` say otherwise no phrase is prepared: a gateway is asked for what the calls need and nothing else.
    """
    settings = {"warm_phrases": "false", **settings}
    speech = {name: getattr(place, name) for name in ("token_url", "appkey", "access_key_id", "access_key_secret")}
    speech["url"] = place.ws_url
    named = {} if (host := urlsplit(place.ws_url).hostname) in LOOPBACK else {"allowed_hosts": str(host)}
    sections = (
        ("asr", "aliyun", {**speech, **named, "max_sentence_silence": 350, **asr}),
        ("tts", "aliyun", {**speech, **named, **tts}),
        ("llm", "openai", {"base_url": place.chat_url, "api_key": place.api_key, **named, **llm}),
    )
    services = "".join(
        f'<service name="{name}" does="{does}" vendor="{vendor}">{_params(values)}</service>'
        for name, does, vendor, values in (
            *((does, does, vendor, values) for does, vendor, values in sections),
            *others,
        )
    )
    every = {"default": {"asr": "asr", "tts": "tts", "llm": "llm", **profile}, **profiles}
    inside = "".join(f'<profile name="{name}">{_params(values)}</profile>' for name, values in every.items())
    return (
        f'<configuration name="firstword.conf"><settings>{_params(settings)}</settings><services>{services}</services>'
        f"{tools}<profiles>{inside}</profiles></configuration>"
    )


def _params(values: Mapping[str, object]) -> str:
    return "".join(
        f'<param name="{name}" value={quoteattr(str(value), {chr(10): "&#10;"})}/>' for name, value in values.items()
    )


@dataclass
class Played:
    """One call, from both ends."""

    conversation: Conversation
    call: SimCall
    record: dict[str, Any]
    """The call record, or {} if the call did not begin."""

    @property
    def result(self) -> str:
        return self.call.variables.get("firstword_result", "")

    @property
    def error(self) -> str:
        return self.call.variables.get("firstword_error", "")


class Stage:
    """The simulated switch with firstword in it. A context manager; one per process at a time, as in life.

    Args:
        folder: takes the switch's folders; records go to ``log/firstword.jsonl`` below it.
        xml: see `configuration`.
        faithful: the stacks and the recursion limit of FreeSWITCH; only in a process of its own.
        echo: gets the lines of the switch's log.
    """

    def __init__(
        self,
        folder: Path,
        xml: str,
        *,
        rate: int = 8000,
        clock: Clock = SYSTEM,
        faithful: bool = False,
        echo: Callable[[str, str], None] | None = None,
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.switch = SimSwitch(
            SCRIPTS, folder, configuration=xml, rate=rate, clock=clock, faithful=faithful, echo=echo
        )

    def __enter__(self) -> Stage:
        self.switch.__enter__()
        self.switch.startup()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.switch.close()
        service.end()

    def play(
        self, script: Script, profile: str = "default", on_step: Callable[[str], None] = lambda text: None
    ) -> Played:
        """Play one call through; returns when it is over. Any thread."""
        call = self.switch.call(f"voicebot {profile}")
        conversation = converse(call, script, self.clock, on_step)
        return Played(conversation, call, self.record(call.uuid))

    def play_all(self, scripts: list[Script], apart_s: float = 0.0) -> list[Played]:
        """Play calls at once, one beginning `apart_s` after the other; returns when all are over."""

        def begin(number: int) -> Played:
            self.clock.sleep(number * apart_s)
            return self.play(scripts[number])

        with futures.ThreadPoolExecutor(len(scripts), "caller") as pool:
            return list(pool.map(begin, range(len(scripts))))

    def record(self, uuid: str) -> dict[str, Any]:
        """The call record of a call that is over, or {}."""
        path = self.folder / "log" / "firstword.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return next((record for line in lines if (record := json.loads(line))["call"] == uuid), {})

    def answered_ms(self, played: Played) -> float:
        """Where in a call's recording the ``at_ms`` of its record begin: the first frame is the recording's zero."""
        record = played.record
        if not record or not played.conversation.arrivals:
            raise ScriptError("the call was never answered")
        return (float(record["answered_at"]) - played.conversation.arrivals[0]) * 1000
