"""How each recogniser's service plays its part in the stories that all of them are held to: one class each, and their table."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from firstword.providers.aliyun import asr as aliyun
from firstword.providers.dashscope import asr as dashscope
from firstword.providers.dashscope import qwen_asr
from firstword.speech.asr import Recogniser
from net.loopback import TEXT, frame

from .dashscope_peer import KEY as DASHSCOPE_KEY
from .dashscope_peer import Tasks
from .hearing import Hearer
from .nls_peer import FIXED, Nls
from .playing import Asked
from .realtime_peer import KEY as QWEN_KEY
from .realtime_peer import RealtimePeer

INVALID_KEY = '{"code":"InvalidApiKey","message":"Invalid API-key provided."}'
TRANSCRIPTION = "conversation.item.input_audio_transcription"


class AliyunHearer(Hearer):
    """NLS SpeechTranscriber, which numbers its sentences."""

    no_message = "that is no NLS message"
    name = "aliyun asr"
    secret = FIXED["token"]
    forbidden = ("403 Forbidden", f"The token '{FIXED['token']}' is invalid!", "refused the token")
    throttled = ("40000005", "concurrency")
    _index = 0
    _began = False

    @cached_property
    def nls(self) -> Nls:
        """Upgraded when it is first used."""
        return Nls(self.peer)

    @classmethod
    def make(cls, url: str, **values: str) -> Recogniser:
        return aliyun.make({"url": url, **FIXED, **values}, "test")

    @property
    def audio(self) -> bytes:
        return self.nls.audio

    @property
    def audio_messages(self) -> list[int]:
        return self.nls.audio_messages

    def _read(self) -> tuple[Asked, str] | None:
        message = self.nls.read()
        if message is None:
            return None
        asked: dict[str, Asked] = {"StartTranscription": "begin", "StopTranscription": "end"}
        return asked[message["header"]["name"]], ""

    def ready(self) -> None:
        self.nls.tell("TranscriptionStarted")

    def hears(self, text: str, begin_ms: int, end_ms: int) -> None:
        self._begin(begin_ms)
        self.nls.tell("TranscriptionResultChanged", {"index": self._index, "time": end_ms, "result": text})

    def heard(self, text: str, begin_ms: int, end_ms: int) -> None:
        self._begin(begin_ms)
        self._began = False
        told = {"index": self._index, "begin_time": begin_ms, "time": end_ms, "result": text}
        self.nls.tell("SentenceEnd", told)

    def _begin(self, begin_ms: int) -> None:
        if not self._began:
            self._began = True
            self._index += 1
            self.nls.tell("SentenceBegin", {"index": self._index, "time": begin_ms})

    def something_new(self) -> None:
        self.nls.tell("SomethingNew", {"x": 1})

    def _tell_end(self, times: int = 1) -> None:
        header = {"name": "TranscriptionCompleted", "status": 20000000, "task_id": self.nls.task_id}
        self.peer.send(frame(TEXT, json.dumps({"header": header})) * times)

    def throttle(self) -> None:
        self.nls.fail(40000005, "Gateway:TOO_MANY_REQUESTS:Too many requests!")


class DashScopeHearer(Hearer):
    """The task protocol, as Paraformer speaks it."""

    name = "dashscope asr"
    secret = DASHSCOPE_KEY
    forbidden = ("401 Unauthorized", INVALID_KEY, "check api_key")
    throttled = ("Throttling.RateQuota", "too many requests")

    @cached_property
    def tasks(self) -> Tasks:
        """Upgraded when it is first used."""
        return Tasks(self.peer)

    @classmethod
    def make(cls, url: str, **values: str) -> Recogniser:
        return dashscope.make({"url": url, "api_key": DASHSCOPE_KEY, "spares": "0", **values}, "test")

    @property
    def audio(self) -> bytes:
        return self.tasks.audio

    @property
    def audio_messages(self) -> list[int]:
        return self.tasks.audio_messages

    def _read(self) -> tuple[Asked, str] | None:
        message = self.tasks.read()
        if message is None:
            return None
        asked: dict[str, Asked] = {"run-task": "begin", "continue-task": "text", "finish-task": "end"}
        return asked[message["header"]["action"]], ""

    def ready(self) -> None:
        self.tasks.tell("task-started")

    def hears(self, text: str, begin_ms: int, end_ms: int) -> None:
        words = [{"begin_time": begin_ms, "end_time": end_ms, "text": text}]
        self._tell(begin_time=begin_ms, end_time=None, text=text, words=words, sentence_end=False)

    def heard(self, text: str, begin_ms: int, end_ms: int) -> None:
        self._tell(begin_time=begin_ms, end_time=end_ms, text=text, sentence_end=True)

    def something_new(self) -> None:
        self.tasks.tell("task-paused")
        self._tell(begin_time=0, end_time=None, text="", heartbeat=True)

    def _tell(self, **sentence: Any) -> None:
        told = {"sentence": {"heartbeat": False, **sentence}}
        self.tasks.tell("result-generated", {"output": told, "usage": None})

    def _tell_end(self, times: int = 1) -> None:
        header = {"task_id": self.tasks.task_id, "event": "task-finished", "attributes": {}}
        message = {"header": header, "payload": {"output": {}, "usage": None}}
        self.peer.send(frame(TEXT, json.dumps(message)) * times)

    def throttle(self) -> None:
        self.tasks.fail("Throttling.RateQuota", "Requests rate limit exceeded")


class QwenHearer(Hearer):
    """The realtime protocol, whose sentences are items."""

    no_message = "that is no realtime message"
    name = "qwen asr"
    secret = QWEN_KEY
    forbidden = ("401 Unauthorized", INVALID_KEY, "check api_key")
    throttled = ("Throttling.RateQuota", "too many requests")
    tells_partial_times = False
    _item = 0
    _began = False

    @cached_property
    def realtime(self) -> RealtimePeer:
        """Upgraded when it is first used."""
        return RealtimePeer(self.peer)

    @classmethod
    def make(cls, url: str, **values: str) -> Recogniser:
        return qwen_asr.make({"url": url, "api_key": QWEN_KEY, "spares": "0", **values}, "test")

    @property
    def audio(self) -> bytes:
        return self.realtime.audio

    @property
    def audio_messages(self) -> list[int]:
        return self.realtime.audio_messages

    def _read(self) -> tuple[Asked, str] | None:
        message = self.realtime.read()
        if message is None:
            return None
        asked: dict[str, Asked] = {
            "session.update": "begin", "input_audio_buffer.append": "audio", "input_audio_buffer.commit": "flush",
            "session.finish": "end",
        }  # fmt: skip
        return asked[message["type"]], ""

    def asked(self) -> None:
        self.realtime.tell("session.created", session={})
        super().asked()

    def ready(self) -> None:
        self.realtime.tell("session.updated", session=self.realtime.session)

    def hears(self, text: str, begin_ms: int, end_ms: int) -> None:
        self._begin(begin_ms)
        self._tell("text", text=text[:1], stash=text[1:])

    def heard(self, text: str, begin_ms: int, end_ms: int) -> None:
        self._begin(begin_ms)
        self._began = False
        item = f"item_{self._item}"
        self.realtime.tell("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=end_ms)
        self.realtime.tell("input_audio_buffer.committed", item_id=item, previous_item_id=None)
        self.realtime.tell("conversation.item.created", item={"id": item})
        self._tell("completed", transcript=text)

    def _begin(self, begin_ms: int) -> None:
        if not self._began:
            self._began = True
            self._item += 1
            item = f"item_{self._item}"
            self.realtime.tell("input_audio_buffer.speech_started", item_id=item, audio_start_ms=begin_ms)

    def _tell(self, what: str, **fields: Any) -> None:
        self.realtime.tell(f"{TRANSCRIPTION}.{what}", item_id=f"item_{self._item}", **fields)

    def something_new(self) -> None:
        self.realtime.tell("something.new", x=1)

    def _tell_end(self, times: int = 1) -> None:
        self.peer.send(frame(TEXT, json.dumps({"event_id": "event_s", "type": "session.finished"})) * times)

    def throttle(self) -> None:
        self.realtime.fail("Throttling.RateQuota", "too many")


HEARERS: dict[str, type[Hearer]] = {"aliyun": AliyunHearer, "dashscope": DashScopeHearer, "qwen": QwenHearer}
