"""What CosyVoice's client has for itself, against a scripted service; what every synthesiser is held to is in ``test_synthesisers.py``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstword.providers.dashscope import cosyvoice_task
from firstword.providers.dashscope.cosyvoice import CosyVoice, make
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .dashscope_peer import KEY, Tasks
from .nls_peer import ended, until, waited
from .speaking import audio_of, marks_of, say
from .traces import differences, sent

MADE: list[CosyVoice] = []


def close_all() -> None:
    while MADE:
        MADE.pop().close()


@pytest.fixture(autouse=True)
def closed_after() -> Iterator[None]:
    yield
    close_all()


def synthesiser(server: Loopback, **values: str) -> CosyVoice:
    MADE.append(make({"url": server.ws, "api_key": KEY, "spares": "0", **values}, "test"))
    return MADE[-1]


def play(script: Callable[[Tasks], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(Tasks(peer))


def whole(tasks: Tasks) -> list[str]:
    """An honest service: a hundred milliseconds a character, at the end."""
    tasks.start()
    tasks.read_until("finish-task")
    text = "".join(tasks.texts)
    tasks.sentence(text, bytes(1600 * min(len(text), 100)))
    tasks.tell("task-finished")
    return tasks.texts


def test_a_whole_reply_is_what_the_official_sdk_sends_but_for_what_is_named_here() -> None:
    theirs = sent("cosyvoice_tts_v2")
    texts = [one["payload"]["input"]["text"] for one in theirs if one["header"]["action"] == "continue-task"]
    heard = [threading.Event() for _ in texts]

    def script(tasks: Tasks) -> list[dict[str, Any]]:
        messages = [tasks.expect("run-task")]
        tasks.tell("task-started")
        for text, event in zip(texts, heard, strict=True):
            messages.append(tasks.expect("continue-task"))
            tasks.sentence(text, bytes(1600))
            event.set()
        messages.append(tasks.expect("finish-task"))
        tasks.tell("task-finished")
        return messages

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, sample_rate="8000").start("t", watch)
        for text, event in zip(texts, heard, strict=True):
            work.say(text)
            waited(event)
        work.finish()
        assert ended(watch) is None
        ours = server.result()
    assert [one["header"]["action"] for one in ours] == [one["header"]["action"] for one in theirs]
    found: dict[str, Any] = {}
    for mine, one in zip(ours, theirs, strict=True):
        found |= differences(mine, one | {"header": one["header"] | {"task_id": mine["header"]["task_id"]}})
    assert found == {
        "payload.parameters.seed": (..., 0),  # the default, which the pages forbid cosyvoice-v1
        "payload.parameters.type": (..., 0),  # on no page
        "payload.model": (
            ...,
            "cosyvoice-v3-flash",
        ),  # these four in continue-task, where the pages have only the input
        "payload.task_group": (..., "audio"),
        "payload.task": (..., "tts"),
        "payload.function": (..., "SpeechSynthesizer"),
    }


def test_every_option_is_said_as_the_sdk_says_it() -> None:
    theirs = sent("cosyvoice_tts_v2.options")[0]["payload"]["parameters"]
    with Loopback(play(lambda tasks: (tasks.start(), tasks.peer.hold())[0])) as server:
        service = synthesiser(
            server, sample_rate="22050", volume="60", rate="1.1", pitch="0.9", seed="7", word_timestamp_enabled="true",
            enable_markdown_filter="true", hot_fix='{"pronunciation": [{"天气": "tian1 qi4"}]}',
            instruction="请用广东话表达。", language_hints="zh",
        )  # fmt: skip
        assert differences(service.parameters, theirs) == {
            "format": ("pcm", "mp3"),  # the line takes no other
            "type": (..., 0),  # on no page
        }


def test_the_end_of_each_sentence_is_a_mark_that_is_exact() -> None:
    def script(tasks: Tasks) -> None:
        tasks.start()
        tasks.read_until("finish-task")
        tasks.sentence("您好，", bytes(1600))
        tasks.sentence("再见。", bytes(3200))
        tasks.tell("task-finished")

    with Loopback(play(script)) as server:
        watch = say(synthesiser(server), "您好，再", "见。\n")
        assert ended(watch) is None
    assert marks_of(watch) == [(3, 100.0, True), (6, 300.0, True), (7, 300.0, True)]


def test_words_are_marks_too() -> None:
    def word(text: str, begin: int, end: int) -> dict[str, Any]:
        return {"text": text, "begin_index": 0, "end_index": 1, "begin_time": begin, "end_time": end}

    def script(tasks: Tasks) -> None:
        assert tasks.start()["parameters"]["word_timestamp_enabled"] is True
        tasks.read_until("finish-task")
        tasks.sentence("您好，", bytes(3200), [word("您", 0, 80), word("好", 80, 150)])
        tasks.tell("task-finished")

    with Loopback(play(script)) as server:
        watch = say(synthesiser(server, word_timestamp_enabled="true"), "您好，")
        assert ended(watch) is None
    assert marks_of(watch) == [(1, 80.0, True), (2, 150.0, True), (3, 200.0, True)]


def test_once_it_speaks_a_clause_is_not_flushed_for_the_service_speaks_it_by_itself() -> None:
    def script(tasks: Tasks) -> list[Any]:
        tasks.start()
        inputs = [tasks.expect("continue-task")["payload"]["input"], tasks.expect("continue-task")["payload"]["input"]]
        tasks.sound(bytes(320))
        messages = tasks.read_until("finish-task")
        tasks.tell("task-finished")
        return inputs + [message["payload"]["input"] for message in messages]

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("好的，")
        work.flush()  # how short a clause it speaks is on no page
        until(lambda: "audio" in watch.names())
        for text in ("您的快递，", "已经"):
            work.say(text)
            work.flush()
        work.finish()
        assert ended(watch) is None
    assert server.result() == [
        {"text": "好的，"}, {"flush": True}, {"text": "您的快递，"}, {"text": "已经"}, {"flush": True}, {}
    ]  # fmt: skip


def test_a_long_text_with_markup_is_one_message_all_the_same() -> None:
    text = "<speak>" + "一" * 3000 + "</speak>"
    with Loopback(play(whole)) as server:
        assert ended(say(synthesiser(server, enable_ssml="true"), text[:1500], text[1500:])) is None
    assert server.results == [[text]]


def test_text_with_markup_is_one_message_sent_when_the_reply_is_complete() -> None:
    with Loopback(play(whole)) as server:
        watch = Watch()
        work = synthesiser(server, enable_ssml="true").start("t", watch)
        work.say("<speak>您好")
        work.flush()
        time.sleep(0.03)
        assert server.connections == 0
        work.say("。</speak>")
        work.finish()
        assert ended(watch) is None
    assert server.results == [["<speak>您好。</speak>"]]


def test_what_a_connection_still_says_of_the_task_before_is_not_of_this_one() -> None:
    def script(tasks: Tasks) -> None:
        tasks.expect("run-task")
        tasks.sound(bytes(3200))
        tasks.tell("result-generated", {"output": {"type": "sentence-end", "original_text": "好"}}, task_id="old")
        tasks.tell("task-finished", {}, task_id="old")
        tasks.tell("task-started")
        tasks.read_until("finish-task")
        tasks.sentence("好", bytes(640))
        tasks.tell("task-finished")

    with Loopback(play(script)) as server:
        watch = say(synthesiser(server), "好")
        assert ended(watch) is None
    assert audio_of(watch) == bytes(640) and marks_of(watch) == [(1, 40.0, True)]


# Failures


def fails(code: str, text: str) -> Callable[[Peer], Any]:
    return play(lambda tasks: [tasks.read(), tasks.fail(code, text)])


def refuses(status: str, body: str = "") -> Callable[[Peer], Any]:
    return lambda peer: [peer.read_head(), peer.answer(status, body)]


FAILURES: dict[str, tuple[Callable[[Peer], Any], str, str, bool, str]] = {
    "overdue": (refuses("400 Bad Request", '{"code":"Arrearage","message":"x"}'), "pay", "HTTP 400", False, "quota"),
    "busy": (refuses("429 Too Many"), "too many requests", "HTTP 429", True, "throttled"),
    "bad voice": (
        fails("InvalidParameter", "[tts:]Engine return error code: 418"),
        "check that voice exists, and belongs to model", "InvalidParameter", False, "voice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_what_it_is_about_and_whether_to_try_again(what: str) -> None:
    script, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        error = ended(say(synthesiser(server), "您好。", finish=False))
    assert error is not None and words in str(error)
    assert (error.code, error.retry, error.kind, error.provider) == (code, retry, kind, "cosyvoice tts")
    assert KEY not in str(error)


def test_a_text_with_markup_that_is_too_long_for_one_message_is_about_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosyvoice_task, "SSML_CHARS", 10)
    with Loopback(play(lambda tasks: [tasks.start(), tasks.peer.hold()])) as server:
        error = ended(say(synthesiser(server, enable_ssml="true"), "一二三四五六七八九十零"))
    assert error is not None and error.kind == "text" and "more than 10 characters" in str(error)


def test_the_key_and_the_workspace_reach_the_service() -> None:
    with Loopback(lambda peer: peer.upgrade()) as server:
        work = synthesiser(server, workspace="ws-7").start("t", Watch())
        head = server.result()
        work.cancel()
    assert f"Authorization: Bearer {KEY}" in head and "X-DashScope-WorkSpace: ws-7" in head
