"""Recorded sessions, played to real clients: as they were, cut anywhere, or changed. And the table of the clients that are held to it.

A recording (tests/recordings/traces) is what an official SDK and a scripted server said to each other. Here the server's part of it is
said to a client of ours, message by message; where the SDK began and ended its task, the peer waits until the client does.
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from firstword.net.line import Line
from firstword.providers.registry import make_asr, make_llm, make_tts
from firstword.speech.llm import Message
from firstword.speech.watch import Watch
from net.loopback import BINARY, CLOSE, TEXT, Loopback, Peer, frame

from .traces import rows

AUDIO_BYTES = 322  # of a binary message, at most; the recordings have only its beginning
RAW = -1  # in place of an opcode: bytes as they stand
BOUND_MS = "150"
APPKEY = {"appkey": "my-appkey", "token": "my-fixed-token-0123456789", "spares": "0"}
KEY = {"api_key": "sk-my-key-0123456789abcdef"}
SPARELESS = {**KEY, "spares": "0"}


@dataclass(frozen=True)
class Step:
    """What the peer does: wait until the client sends the text message `until`, or send."""

    until: str = ""
    opcode: int = RAW
    data: bytes = b""
    fin: bool = True
    again: bool = False
    """Sent for ever, a little later each time."""

    def encoded(self) -> bytes:
        return self.data if self.opcode == RAW else frame(self.opcode, self.data, self.fin)


@dataclass(frozen=True)
class Client:
    """One client of ours, and a session it is played.

    Args:
        does: ``tts``, ``asr`` or ``llm``, by which it is also driven; ``phrase``: a synthesiser, which is told a whole text.
        trace: the recording's name, or what the service says, one JSON text after the other, where there is none.
        values: its settings, besides the address and short bounds.
    """

    name: str
    does: str
    vendor: str
    trace: str | tuple[Step, ...]
    values: Mapping[str, str]
    bounds: tuple[str, ...]
    address: str = "url"

    def __str__(self) -> str:
        return f"{self.name}, {self.trace if isinstance(self.trace, str) else 'by the pages'}"

    def service(self, server: Loopback) -> Any:
        at = f"{server.http}/v1" if self.does == "llm" else server.ws
        values = {self.address: at, **self.values, **dict.fromkeys(self.bounds, BOUND_MS)}
        kinds = {"tts": make_tts, "phrase": make_tts, "asr": make_asr, "llm": make_llm}
        make: Callable[..., Any] = kinds[self.does]
        return make(self.vendor, values, "test")

    def steps(self) -> list[Step]:
        if not isinstance(self.trace, str):
            return list(self.trace)
        return http_steps(self.trace) if self.does == "llm" else ws_steps(self.trace)

    def drive(self, service: Any) -> tuple[Watch, Any]:
        """Some work, to its end."""
        watch = Watch()
        if self.does == "llm":
            return watch, service.start("t", [Message("user", "您好")], watch)
        if self.does == "phrase":
            return watch, service.speak("t", "您好，这里是云呼叫中心。", watch)
        work = service.start("t", watch)
        if self.does == "tts":
            work.say("您好，这里是云呼叫中心，请问有什么可以帮您？再见。")
        else:
            work.feed(bytes(3200))
        work.finish()
        return watch, work


SPEAKING = ("connect_ms", "first_audio_ms", "idle_ms")
HEARING = ("connect_ms", "finish_ms")
WRITING = ("connect_ms", "first_token_ms", "idle_ms")


def _says(type_: str, **fields: Any) -> Step:
    return Step(opcode=TEXT, data=json.dumps({"event_id": "event_1", "type": type_, **fields}).encode())


ITEM = {"item_id": "item_1", "content_index": 0}
QWEN_ASR = (
    _says("session.created", session={"id": "sess_1", "object": "realtime.session"}),
    Step("session.update"),
    _says("session.updated", session={"id": "sess_1", "object": "realtime.session"}),
    _says("input_audio_buffer.speech_started", audio_start_ms=10, item_id="item_1"),
    _says("conversation.item.input_audio_transcription.text", **ITEM, text="好", stash="的"),
    _says("input_audio_buffer.speech_stopped", audio_end_ms=90, item_id="item_1"),
    _says("input_audio_buffer.committed", item_id="item_1", previous_item_id=""),
    Step("session.finish"),
    _says("conversation.item.input_audio_transcription.completed", **ITEM, transcript="好的。", language="zh"),
    _says("session.finished", session_id="sess_1"),
)
"""No recording of the SDK's is there; this is what the pages say."""

CLIENTS = [
    Client("aliyun tts", "tts", "aliyun", "nls_flowing_tts", APPKEY, SPEAKING),
    Client(
        "aliyun tts", "phrase", "aliyun", "nls_speech_synthesizer.subtitle", {**APPKEY, "whole_text": "true"}, SPEAKING
    ),
    Client("aliyun asr", "asr", "aliyun", "nls_transcriber_8k", APPKEY, HEARING),
    Client("openai qwen-plus", "llm", "openai", "openai_compat_chat_sse", KEY, WRITING, "base_url"),
    Client("dashscope qwen-plus", "llm", "dashscope", "dashscope_generation_sse", KEY, WRITING),
    Client("cosyvoice tts", "tts", "cosyvoice", "cosyvoice_tts_v2", SPARELESS, SPEAKING),
    Client("dashscope asr", "asr", "dashscope", "paraformer_realtime_8k_v2", SPARELESS, HEARING),
    Client(
        "dashscope asr",
        "asr",
        "dashscope",
        "fun_asr_realtime",
        {**SPARELESS, "model": "fun-asr-realtime", "context": "呼叫中心"},
        HEARING,
    ),
    Client(
        "dashscope asr",
        "asr",
        "dashscope",
        "gummy_realtime_v1",
        {**SPARELESS, "model": "gummy-realtime-v1", "sample_rate": "16000", "translate_to": "en"},
        HEARING,
    ),
    Client("qwen tts", "tts", "qwen", "qwen_tts_realtime.commit", {**SPARELESS, "mode": "commit"}, SPEAKING),
    Client(
        "qwen tts", "tts", "qwen", "qwen_tts_realtime.server_commit", {**SPARELESS, "mode": "server_commit"}, SPEAKING
    ),
    Client("qwen asr", "asr", "qwen", QWEN_ASR, SPARELESS, HEARING),
]
"""One entry each. `name` is what the client's errors must name."""


# What a recording says


def directive(text: bytes | str) -> tuple[str, str]:
    """What a client's message asks for, in whichever protocol, and of which task."""
    message = json.loads(text)
    header = message.get("header", {})
    return str(header.get("name") or header.get("action") or message.get("type")), str(header.get("task_id", ""))


def ws_steps(trace: str) -> list[Step]:
    recorded = [row for row in rows(trace) if row.get("kind") == "ws" and row["conn"] == 1]
    asked = [directive(row["text"])[0] for row in recorded if row["dir"] == "c2s" and row["op"] == "text"]
    steps = []
    for row in recorded:
        if row["dir"] == "c2s":
            name = directive(row["text"])[0] if row["op"] == "text" else ""
            if name in (asked[0], asked[-1]) and Step(name) not in steps:
                steps.append(Step(name))
        elif row["op"] == "text":
            steps.append(Step(opcode=TEXT, data=row["text"].encode()))
        elif row["op"] == "binary":
            head = bytes.fromhex(row["head_hex"])
            steps.append(Step(opcode=BINARY, data=(head * AUDIO_BYTES)[: min(row["len"], AUDIO_BYTES)]))
    return steps


def http_steps(trace: str) -> list[Step]:
    """The answer's head, then the pieces of its body."""
    said = [row["raw"].encode() for row in rows(trace) if row.get("kind") == "http" and row["dir"] == "s2c"]
    return [Step("request"), *(Step(data=piece) for piece in said)]


# What the peer does


class Player:
    """The peer's script: plays `steps`, whichever they are when a connection comes."""

    def __init__(self) -> None:
        self.steps: Sequence[Step] = ()
        self.drops = False
        """At the end the peer hangs up; else it waits until the client does."""

    def __call__(self, peer: Peer) -> None:
        steps, drops = self.steps, self.drops
        if steps and steps[0].until == "request":
            peer.read_request()
            steps = steps[1:]
        else:
            peer.upgrade()
        ours, theirs = _recorded_task(steps), ""
        for step in steps:
            if step.until:
                theirs = self._await(peer, step.until) or theirs
                continue
            data = (step if step.opcode == RAW else self._of_task(step, ours, theirs)).encoded()
            peer.send(data)
            while step.again:
                time.sleep(0.02)
                peer.send(data)
        if drops:  # in order: with a reset, what was sent last might be lost
            peer.sock.shutdown(socket.SHUT_WR)
        while True:
            peer.read(1)

    @staticmethod
    def _await(peer: Peer, name: str) -> str:
        while True:
            opcode, data = peer.read_frame()
            if opcode == CLOSE:
                raise ConnectionError("the client has closed")
            if opcode == TEXT:
                said, task = directive(data)
                if said == name:
                    return task

    @staticmethod
    def _of_task(step: Step, ours: str, theirs: str) -> Step:
        return replace(step, data=step.data.replace(ours.encode(), theirs.encode())) if ours and theirs else step


def _recorded_task(steps: Sequence[Step]) -> str:
    for step in steps:
        found = re.search(rb'"task_id": "([0-9a-f]{32})"', step.data)
        if found:
            return found[1].decode()
    return ""


# How it is cut and changed


def cut_after_message(steps: Sequence[Step], number: int) -> list[Step]:
    """The first `number` messages of the peer's."""
    kept: list[Step] = []
    for step in steps:
        if not step.until and number == 0:
            break
        kept.append(step)
        number -= not step.until
    return kept


def cut_at_byte(steps: Sequence[Step], at: int) -> list[Step]:
    """The first `at` bytes of all that the peer sends."""
    kept: list[Step] = []
    for step in steps:
        if step.until:
            kept.append(step)
            continue
        data = step.encoded()
        if at < len(data):
            return [*kept, Step(data=data[:at])]
        kept.append(step)
        at -= len(data)
    return kept


def total_bytes(steps: Sequence[Step]) -> int:
    return sum(len(step.encoded()) for step in steps if not step.until)


def reads_of(size: int) -> Callable[[Line, int], bytes | None]:
    """A `Line.receive` that gets at most `size` bytes at a time, as if the network had cut them so."""
    whole = Line.receive

    def receive(self: Line, most: int) -> bytes | None:
        data = whole(self, min(most, size))
        self.drained = False
        return data

    return receive


def trickling(steps: Sequence[Step], with_audio: bool) -> list[Step]:
    """Up to the first audio; then for ever a sample of it, or else the words before it."""
    at = next(at for at, step in enumerate(steps) if step.opcode == BINARY or b"audio.delta" in step.data)
    audio, words = steps[at], [step for step in steps[:at] if step.opcode == TEXT][-1]
    if not with_audio:
        return [*steps[: at + 1], replace(words, again=True)]
    sample = b"xx"
    if audio.opcode == TEXT:  # in base64
        sample = re.sub(rb'("delta": ")[^"]*', lambda found: found[1] + b"eHg=", audio.data)
    return [*steps[: at + 1], replace(audio, data=sample, again=True)]


LEAVES: list[Any] = [
    None,
    True,
    -1,
    0,
    10**30,
    1e308,
    float("nan"),
    "",
    "x" * 5000,
    "\x00",
    [],
    {},
    [[[]]],
    {"a": 1},
    [None],
]

Change = tuple[str, int, int, int]
"""What, to which message, and two numbers it makes what it can of."""
CHANGES = ("flip", "drop", "twice", "swap", "leaf", "absent", "cut", "utf8", "opcode", "fin", "frame", "nested")


def changed(steps: Sequence[Step], changes: Sequence[Change]) -> list[Step]:
    made = list(steps)
    for what, number, a, b in changes:
        said = [at for at, step in enumerate(made) if not step.until]
        if not said:
            return made
        at = said[number % len(said)]
        step = made[at]
        match what:
            case "drop":
                del made[at]
            case "twice":
                made.insert(at, step)
            case "swap":
                other = said[a % len(said)]
                made[at], made[other] = made[other], made[at]
            case "frame":  # a bit of the frame's own head, or anywhere
                made[at] = Step(data=_flip(step.encoded(), a % 4 if b % 2 else a, b))
            case "opcode" if step.opcode != RAW:
                made[at] = replace(step, opcode=a % 16)
            case "fin" if step.opcode != RAW:
                made[at] = replace(step, fin=False)
            case _:
                made[at] = replace(step, data=_other(what, step.data, a, b))
    return made


def _other(what: str, data: bytes, a: int, b: int) -> bytes:
    at = a % (len(data) + 1)
    match what:
        case "flip":
            return _flip(data, a, b)
        case "cut":
            return data[:at]
        case "utf8":
            return data[:at] + (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80")[b % 4] + data[at:]
        case "nested":
            return data[:at] + b"[" * (b % 5000) + data[at:]
        case _:
            return _with_leaf(data, a, ... if what == "absent" else LEAVES[b % len(LEAVES)])


def _flip(data: bytes, at: int, bit: int) -> bytes:
    if not data:
        return data
    at %= len(data)
    return data[:at] + bytes([data[at] ^ (1 << bit % 8)]) + data[at + 1 :]


def _with_leaf(data: bytes, number: int, value: Any) -> bytes:
    """The JSON in `data` with its value `number` replaced; ``...`` takes it out."""
    begin, end = data.find(b"{"), data.rfind(b"}") + 1
    try:
        message = json.loads(data[begin:end])
    except (ValueError, RecursionError):
        return data
    places: list[tuple[Any, Any]] = []

    def look(inside: Any) -> None:
        for key, inner in inside.items() if isinstance(inside, dict) else enumerate(inside):
            places.append((inside, key))
            if isinstance(inner, dict | list):
                look(inner)

    look(message)
    if not places:
        return data
    inside, key = places[number % len(places)]
    if value is ...:
        del inside[key]
    else:
        inside[key] = value
    return data[:begin] + json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass") + data[end:]
