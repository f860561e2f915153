"""How each synthesiser's service plays its part in the stories that all of them are held to: one class each, and their table."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from firstword.providers.aliyun import flowing
from firstword.providers.aliyun import tts as aliyun
from firstword.providers.dashscope import cosyvoice, cosyvoice_task, qwen_session, qwen_tts
from firstword.speech.tts import Synthesiser
from net.loopback import CLOSE, TEXT, frame

from .dashscope_peer import KEY as COSYVOICE_KEY
from .dashscope_peer import Tasks
from .nls_peer import FIXED, Nls
from .playing import Asked
from .realtime_peer import KEY as QWEN_KEY
from .realtime_peer import RealtimePeer
from .speaking import Speaker, a_tenth_each

INVALID_KEY = '{"code":"InvalidApiKey","message":"Invalid API-key provided."}'


class AliyunSpeaker(Speaker):
    """NLS FlowingSpeechSynthesizer."""

    no_message = "that is no NLS message"
    name = "aliyun tts"
    secret = FIXED["token"]
    exact = False
    message_chars = 1000
    rests = flowing
    forbidden = ("403 Forbidden", f"The token '{FIXED['token']}' is invalid!", "refused the token (HTTP 403)")
    throttled = ("40000005", "concurrency")

    @cached_property
    def nls(self) -> Nls:
        """Upgraded when it is first used."""
        return Nls(self.peer)

    @classmethod
    def make(cls, url: str, **values: str) -> Synthesiser:
        return aliyun.make({"url": url, **FIXED, **values}, "test")

    def _read(self) -> tuple[Asked, str] | None:
        message = self.nls.read()
        if message is None:
            return None
        asked: dict[str, Asked] = {
            "StartSynthesis": "begin", "RunSynthesis": "text", "FlushText": "flush", "StopSynthesis": "end",
        }  # fmt: skip
        return asked[message["header"]["name"]], message.get("payload", {}).get("text", "")

    def ready(self) -> None:
        self.nls.tell("SynthesisStarted")

    def sound(self, pcm: bytes) -> None:
        self.nls.sound(pcm)

    def _tell_end(self, times: int = 1) -> None:
        header = {"namespace": "Default", "name": "SynthesisCompleted", "status": 20000000, "task_id": self.nls.task_id}
        self.peer.send(frame(TEXT, json.dumps({"header": header})) * times)

    def words(self) -> None:
        self.nls.tell("SentenceSynthesis", {"subtitles": []})

    def tire(self) -> None:
        self.nls.fail(40000004, "Gateway:IDLE_TIMEOUT:Websocket session is idle for too long time")

    def throttle(self) -> None:
        self.nls.fail(40000005, "Gateway:TOO_MANY_REQUESTS:Too many requests!")

    def refuse_flush(self) -> None:
        self.nls.fail(40010002, "Gateway:DIRECTIVE_NOT_SUPPORTED")


class CosyVoiceSpeaker(Speaker):
    """DashScope's task protocol. What came since the last sentence is a sentence."""

    name = "cosyvoice tts"
    secret = COSYVOICE_KEY
    exact = True
    message_chars = 2000
    rests = cosyvoice_task
    shared = True
    forbidden = ("401 Unauthorized", INVALID_KEY, "check api_key")
    throttled = ("Throttling.RateQuota", "too many requests")
    voiceless = ("the voice may not be ready", "voice", False)
    _sentences = 0  # of the texts that came, so many were spoken in sentences
    _speaking = False

    @cached_property
    def tasks(self) -> Tasks:
        """Upgraded when it is first used."""
        return Tasks(self.peer)

    @classmethod
    def make(cls, url: str, **values: str) -> Synthesiser:
        return cosyvoice.make({"url": url, "api_key": COSYVOICE_KEY, "spares": "0", **values}, "test")

    def _read(self) -> tuple[Asked, str] | None:
        message = self.tasks.read()
        if message is None:
            return None
        told = message["payload"]["input"]
        if message["header"]["action"] == "continue-task":
            return ("flush", "") if told.get("flush") else ("text", told["text"])
        return ("begin" if message["header"]["action"] == "run-task" else "end"), ""

    def ready(self) -> None:
        self._sentences = 0
        self.tasks.tell("task-started")

    def sound(self, pcm: bytes) -> None:
        if not self._speaking:
            self._speaking = True
            self.tasks.result("sentence-begin", self._sentence())
            self.tasks.result("sentence-synthesis")
        self.tasks.sound(pcm)

    def said(self) -> None:
        if self._speaking:
            self.tasks.result("sentence-end", self._sentence())
            self._sentences, self._speaking = len(self.texts), False

    def _sentence(self) -> str:
        return "".join(self.texts[self._sentences :])

    def _tell_end(self, times: int = 1) -> None:
        header = {"task_id": self.tasks.task_id, "event": "task-finished", "attributes": {}}
        self.peer.send(frame(TEXT, json.dumps({"header": header, "payload": {}})) * times)

    def words(self) -> None:
        self.tasks.result("sentence-synthesis")

    def tire(self) -> None:
        self.tasks.fail("CLIENT_ERROR", "request timeout after 23 seconds.")

    def throttle(self) -> None:
        self.tasks.fail("Throttling.RateQuota", "Requests rate limit exceeded")

    def refuse_flush(self) -> None:
        self.tasks.fail("InvalidParameter", "what is this")


class QwenSpeaker(Speaker):
    """The realtime protocol, in the mode ``server_commit``."""

    no_message = "that is no realtime message"
    name = "qwen tts"
    secret = QWEN_KEY
    exact = False
    message_chars = 600
    rests = qwen_session
    forbidden = ("401 Unauthorized", INVALID_KEY, "check api_key")
    throttled = ("Throttling.RateQuota", "too many requests")
    mode = "server_commit"
    _speaking = False
    _sounded = False

    @cached_property
    def realtime(self) -> RealtimePeer:
        """Upgraded when it is first used."""
        return RealtimePeer(self.peer)

    @classmethod
    def make(cls, url: str, **values: str) -> Synthesiser:
        settings = {"url": url, "api_key": QWEN_KEY, "spares": "0", "mode": cls.mode, **values}
        return qwen_tts.make(settings, "test")

    def _read(self) -> tuple[Asked, str] | None:
        message = self.realtime.read()
        if message is None:
            return None
        asked: dict[str, Asked] = {
            "session.update": "begin", "input_text_buffer.append": "text", "input_text_buffer.commit": "flush",
            "session.finish": "end",
        }  # fmt: skip
        return asked[message["type"]], message.get("text", "")

    def keep_waiting(self, until: Any) -> None:
        """Text need not wait for the service's word: it goes with the upgrade."""
        until()
        self.start()

    def ready(self) -> None:
        self.realtime.tell("session.created", session={})
        self.realtime.tell("session.updated", session=self.realtime.session)

    def sound(self, pcm: bytes) -> None:
        self._respond()
        self._sounded = True
        self.realtime.delta(pcm)

    def said(self) -> None:
        if self._speaking or not self._sounded:
            self._respond()
            self._speaking = False
            self.realtime.tell("response.audio.done")
            self.realtime.tell("response.done", response={"id": "resp_1", "status": "completed"})

    def _respond(self) -> None:
        if not self._speaking:
            self._speaking = True
            self.realtime.tell("response.created", response={"id": "resp_1"})

    def _tell_end(self, times: int = 1) -> None:
        self.peer.send(frame(TEXT, json.dumps({"event_id": "event_s", "type": "session.finished"})) * times)
        self.peer.send_frame(CLOSE, b"\x03\xe8")

    def words(self) -> None:
        self.realtime.tell("response.content_part.added", part={"type": "audio"})

    def tire(self) -> None:
        """How is on no page; so in order."""
        self.realtime.finished()

    def throttle(self) -> None:
        self.realtime.fail("Throttling.RateQuota", "too many")


class QwenCommitSpeaker(QwenSpeaker):
    """The mode ``commit``: each clause is asked for, and is a response."""

    exact = True
    mode = "commit"
    flush_waits_its_turn = False
    all_asked = ("flush",)

    def end(self, times: int = 1) -> None:
        """Nothing more can be asked of this session but what the client has not said yet."""
        self.said()
        told = len(self.texts)
        while self.came("flush", "end") == "flush":
            self.sound(a_tenth_each("".join(self.texts[told:])))
            self.said()
            told = len(self.texts)
        self._over(times)

    def goes_on(self, audio: Any = a_tenth_each) -> None:
        told = 0
        while self.came("flush", "end") == "flush":
            self.sound(audio("".join(self.texts[told:])))
            self.said()
            told = len(self.texts)
        self._over(1)
        self._next()


SPEAKERS: dict[str, type[Speaker]] = {
    "aliyun": AliyunSpeaker,
    "cosyvoice": CosyVoiceSpeaker,
    "qwen, commit": QwenCommitSpeaker,
    "qwen, server_commit": QwenSpeaker,
}
