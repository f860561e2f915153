"""CosyVoice's client against a scripted service, then against the gateway: what it says, when, and how each failure ends."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from firstword.audio import tone
from firstword.gateway.faults import Fault
from firstword.gateway.options import LOCAL_API_KEY, GatewayOptions
from firstword.gateway.server import Gateway
from firstword.providers.dashscope import cosyvoice_task
from firstword.providers.dashscope.cosyvoice import CosyVoice, make
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer, frame

from .dashscope_peer import KEY, Tasks
from .nls_peer import ended, until, waited
from .test_aliyun_tts import audio_of, marks_of
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


def say(service: CosyVoice, *texts: str, finish: bool = True) -> Watch:
    watch = Watch()
    work = service.start("t", watch)
    for text in texts:
        work.say(text)
    if finish:
        work.finish()
    return watch


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


def test_text_said_before_the_service_is_ready_is_kept_and_sent_after_in_order() -> None:
    go = threading.Event()

    def script(tasks: Tasks) -> list[str]:
        tasks.expect("run-task")
        waited(go)
        tasks.peer.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            tasks.peer.read(1)
        tasks.peer.sock.setblocking(True)
        tasks.tell("task-started")
        tasks.read_until("finish-task")
        tasks.sentence("".join(tasks.texts), bytes(640))
        tasks.tell("task-finished")
        return tasks.texts

    with Loopback(play(script)) as server:
        watch = say(synthesiser(server), "您好，", "这里", "是。")
        time.sleep(0.05)
        go.set()
        assert ended(watch) is None
    assert "".join(server.result()) == "您好，这里是。"
    assert marks_of(watch) == [(7, 40.0, True)]


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


def test_binary_messages_of_any_size_become_whole_samples_and_nothing_is_lost() -> None:
    pcm = bytes(at % 251 for at in range(9000))
    cuts = [0, 1, 2, 5, 6, 6, 301, 302, 8296, 8999, 9000]

    def script(tasks: Tasks) -> None:
        tasks.start()
        tasks.read_until("finish-task")
        for begin, end in itertools.pairwise(cuts):
            tasks.sound(pcm[begin:end])
        tasks.tell("task-finished")

    with Loopback(play(script)) as server:
        watch = say(synthesiser(server), "x")
        assert ended(watch) is None
    assert audio_of(watch) == pcm
    assert all(len(args[0]) % 2 == 0 and args[0] for name, args in watch.events if name == "audio")


def test_a_long_text_is_cut_to_what_one_message_may_hold_and_loses_nothing() -> None:
    text = "".join(chr(0x4E00 + number % 5000) for number in range(4567))
    with Loopback(play(whole)) as server:
        assert ended(say(synthesiser(server), text)) is None
    assert [len(piece) for piece in server.result()] == [2000, 2000, 567]
    assert "".join(server.result()) == text


def test_a_text_of_any_length_that_a_task_may_hold_is_given_to_the_service_whole() -> None:
    """More than may wait for a socket at once: the rest follows when that has gone."""
    text = "".join(chr(0x4E00 + number % 5000) for number in range(80_000))
    with Loopback(play(whole)) as server:
        assert ended(say(synthesiser(server), text)) is None
    assert "".join(server.result()) == text


def test_a_flush_is_asked_for_where_it_was_called() -> None:
    def script(tasks: Tasks) -> list[Any]:
        tasks.start()
        messages = tasks.read_until("finish-task")
        tasks.sound(bytes(320))
        tasks.tell("task-finished")
        return [message["payload"]["input"] for message in messages]

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("one ")
        work.say("two ")
        work.flush()
        work.say("three")
        work.finish()
        assert ended(watch) is None
    assert server.result() == [{"text": "one two "}, {"flush": True}, {"text": "three"}, {}]


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


def test_a_service_that_refuses_to_flush_is_not_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    def script(tasks: Tasks) -> list[Any]:
        tasks.start()
        seen: list[Any] = []
        while not seen or seen[-1] == {"text": "x"}:
            message = tasks.read()
            assert message is not None
            seen.append(message["payload"]["input"])
        if "flush" in seen[-1]:
            tasks.fail("InvalidParameter", "what is this")
        else:
            tasks.sound(bytes(320))
            tasks.tell("task-finished")
        return seen

    with Loopback(play(script)) as server:
        service = synthesiser(server)
        errors = []
        for _ in range(2):
            watch = Watch()
            work = service.start("t", watch)
            work.say("x")
            work.flush()
            work.finish()
            errors.append(ended(watch))
    assert errors[0] is not None and errors[0].code == "InvalidParameter" and errors[1] is None
    assert "refused to flush" in caplog.text


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


# A model that thinks for long


@pytest.fixture
def short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosyvoice_task, "REST_S", 0.15)


def tasks_in_a_row(tasks: Tasks) -> list[str]:
    """What `whole` does, as often as the connection is used."""
    spoken: list[str] = []
    try:
        while True:
            whole(tasks)
            spoken.append("".join(tasks.texts))
            tasks.texts.clear()
    except (AssertionError, ConnectionError):
        return spoken


@pytest.mark.usefixtures("short_rest")
def test_a_reply_whose_model_pauses_is_spoken_by_two_tasks_without_a_gap_in_the_text() -> None:
    with Loopback(play(tasks_in_a_row)) as server:
        watch = Watch()
        service = synthesiser(server)
        work = service.start("t", watch)
        work.say("你好，")
        until(lambda: "audio" in watch.names())
        time.sleep(0.05)
        work.say("再见。")
        work.finish()
        assert ended(watch) is None
        service.close()
        until(lambda: sum(map(len, server.results)) == 2)
    assert list(itertools.chain(*server.results)) == ["你好，", "再见。"]
    assert len(audio_of(watch)) == 6 * 1600
    assert marks_of(watch) == [(3, 300.0, True), (6, 600.0, True)], "both count from the reply's start"


@pytest.mark.usefixtures("short_rest")
def test_a_reply_whose_model_is_slow_to_begin_rests_and_is_then_spoken() -> None:
    def idle(tasks: Tasks) -> str:
        tasks.start()
        assert tasks.read() is None, "the client closes"
        return "rested"

    with Loopback(play(idle), play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        until(lambda: server.results == ["rested"])
        assert not watch.names()
        work.say("好")
        work.finish()
        assert ended(watch) is None and len(audio_of(watch)) == 1600


@pytest.mark.usefixtures("short_rest")
def test_a_reply_that_ends_while_resting_is_finished() -> None:
    with Loopback(play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("好")
        until(lambda: "mark" in watch.names())
        time.sleep(0.02)
        work.flush()  # of nothing
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
        assert server.connections == 1


@pytest.mark.parametrize("how", ["23 s", "drop"])
def test_a_service_that_gives_up_before_there_was_text_costs_nothing(how: str) -> None:
    gone = threading.Event()

    def first(tasks: Tasks) -> None:
        tasks.start()
        if how == "drop":
            tasks.peer.reset()
        else:
            tasks.fail("CLIENT_ERROR", "request timeout after 23 seconds.")
        gone.set()

    with Loopback(play(first), play(whole)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        waited(gone)
        time.sleep(0.05)
        assert not watch.names()
        work.say("好")
        work.finish()
        assert ended(watch) is None and len(audio_of(watch)) == 1600


def test_a_reply_without_text_ends_without_waiting_for_anybody() -> None:
    with Loopback(lambda peer: peer.hold()) as server:
        began = time.monotonic()
        watch = say(synthesiser(server))
        assert ended(watch) is None and watch.names() == ["finished"]
        assert time.monotonic() - began < 0.5


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


def test_a_cancel_closes_the_connection_and_waits_for_nobody() -> None:
    def script(tasks: Tasks) -> str:
        tasks.start()
        tasks.expect("continue-task")
        tasks.sound(bytes(1600))
        with pytest.raises(ConnectionError):
            while True:
                tasks.peer.read(1)
        return "closed"

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("您好。")
        until(lambda: "audio" in watch.names())
        work.cancel()
        watch.cancelled()
        assert server.result() == "closed"
    watch.judge()


# Failures


def owes(tasks: Tasks) -> None:
    tasks.start()
    tasks.expect("continue-task")
    tasks.peer.hold()


def speaks_half(tasks: Tasks) -> None:
    tasks.start()
    tasks.read_until("finish-task")
    tasks.sound(bytes(320))
    tasks.peer.hold()


def owes_everything(tasks: Tasks) -> None:
    tasks.start()
    tasks.read_until("finish-task")
    tasks.peer.hold()


def drops_half(tasks: Tasks) -> None:
    tasks.start()
    tasks.expect("continue-task")
    tasks.sound(bytes(320))
    tasks.peer.reset()


def never_said_it_finished(tasks: Tasks) -> None:
    """What the official SDK waits 600 s for."""
    tasks.start()
    tasks.read_until("finish-task")
    tasks.sound(bytes(320))
    tasks.peer.send_frame(8, b"\x03\xf3gone")


def says_nothing(tasks: Tasks) -> None:
    tasks.start()
    tasks.read_until("finish-task")
    tasks.tell("task-finished", {"usage": {"characters": 3}})
    tasks.read()


def ends_by_itself(tasks: Tasks) -> None:
    tasks.start()
    tasks.expect("continue-task")
    tasks.sound(bytes(320))
    tasks.tell("task-finished")


def fails(code: str, text: str) -> Callable[[Peer], Any]:
    return play(lambda tasks: [tasks.read(), tasks.fail(code, text)])


def refuses(status: str, body: str = "") -> Callable[[Peer], Any]:
    return lambda peer: [peer.read_head(), peer.answer(status, body)]


FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool, str]] = {
    "never upgraded": (lambda peer: peer.hold(), {"connect_ms": "200"}, "timed out", "", True, "network"),
    "never ready": (play(lambda t: t.peer.hold()), {"connect_ms": "200"}, "was not ready within 200 ms", "", True, "server"),
    "owes the first audio": (play(owes), {"first_audio_ms": "200"}, "sent nothing for 200 ms", "", True, "server"),
    "owes everything at the end": (
        play(owes_everything), {"first_audio_ms": "200"}, "sent nothing for 200 ms", "", True, "server",
    ),
    "owes the rest": (play(speaks_half), {"idle_ms": "200"}, "sent nothing for 200 ms", "", True, "server"),
    "dropped": (play(drops_half), {}, "broke", "", True, "network"),
    "closed before the end": (play(never_said_it_finished), {}, "code 1011: gone", "", True, "server"),
    "no audio at all": (play(says_nothing), {}, "the voice may not be ready", "", False, "voice"),
    "ended by itself": (play(ends_by_itself), {}, "ended the task by itself", "", True, "server"),
    "wrong key": (
        refuses("401 Unauthorized", '{"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"0"}'),
        {}, "check api_key", "HTTP 401", False, "credentials",
    ),
    "overdue": (refuses("400 Bad Request", '{"code":"Arrearage","message":"x"}'), {}, "pay", "HTTP 400", False, "quota"),
    "busy": (refuses("429 Too Many"), {}, "too many requests", "HTTP 429", True, "throttled"),
    "bad voice": (
        fails("InvalidParameter", "[tts:]Engine return error code: 418"),
        {}, "check that voice exists, and belongs to model", "InvalidParameter", False, "voice",
    ),
    "throttled": (
        fails("Throttling.RateQuota", "Requests rate limit exceeded"),
        {}, "too many requests", "Throttling.RateQuota", True, "throttled",
    ),
    "nonsense": (play(lambda t: [t.read(), t.peer.send_frame(1, "{")]), {}, "not JSON", "", True, "server"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_what_it_is_about_and_whether_to_try_again(what: str) -> None:
    script, values, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        finish = what in ("owes the rest", "owes everything at the end", "closed before the end", "no audio at all")
        text = "您好" if what == "owes everything at the end" else "您好。"
        error = ended(say(synthesiser(server, **values), text, finish=finish))
    assert error is not None and words in str(error)
    assert (error.code, error.retry, error.kind, error.provider) == (code, retry, kind, "cosyvoice tts")
    assert KEY not in str(error)


def test_text_without_anything_to_speak_owes_no_audio() -> None:
    def script(tasks: Tasks) -> None:
        tasks.start()
        tasks.read_until("finish-task")
        tasks.tell("task-finished")

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, first_audio_ms="100").start("t", watch)
        work.say("……！")
        time.sleep(0.2)
        work.finish()
        assert ended(watch) is None


@pytest.mark.parametrize("ssml", ["true", "false"])
def test_a_reply_too_long_for_the_service_is_about_the_text(ssml: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosyvoice_task, "TASK_CHARS", 10)
    monkeypatch.setattr(cosyvoice_task, "SSML_CHARS", 10)
    with Loopback(play(lambda tasks: [tasks.start(), tasks.peer.hold()])) as server:
        error = ended(say(synthesiser(server, enable_ssml=ssml), "一二三四五六七八九十零"))
    assert error is not None and error.kind == "text" and "more than 10 characters" in str(error)


# Against the gateway


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway(GatewayOptions(frame_bytes=2961)) as gateway:
        yield gateway
        close_all()


def of(gateway: Gateway, **values: str) -> CosyVoice:
    MADE.append(make({"url": gateway.inference_url, "api_key": LOCAL_API_KEY, "spares": "0", **values}, "test"))
    return MADE[-1]


MODELS = {
    "cosyvoice-v1": "longxiaochun", "cosyvoice-v2": "longxiaochun_v2", "cosyvoice-v3-flash": "longanyang",
    "cosyvoice-v3-plus": "longanyang", "cosyvoice-v3.5-flash": "longanyang", "cosyvoice-v3.5-plus": "longanyang",
    "qwen-audio-3.0-tts-flash": "longanyang",
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_heard_to_the_character(gateway: Gateway, model: str) -> None:
    watch = say(of(gateway, model=model, voice=MODELS[model]), "您好，这里", "是 Cloud 9。", "再见")
    assert ended(watch) is None
    assert tone.hear(audio_of(watch), 8000) == "您好，这里是 Cloud 9。再见"


def test_the_marks_are_where_the_tone_voice_says_each_sentence_ends(gateway: Gateway) -> None:
    watch = say(of(gateway), "您好，这里是云。再见")
    assert ended(watch) is None
    ends = [tone.spans(text)[-1][2] for text in ("您好，", "这里是云。", "再见")]
    expected = [(3, ends[0], True), (8, ends[0] + ends[1], True), (10, sum(ends), True)]
    assert marks_of(watch) == [(chars, pytest.approx(ms, abs=1), exact) for chars, ms, exact in expected]


def test_with_word_times_each_character_is_a_mark(gateway: Gateway) -> None:
    watch = say(of(gateway, word_timestamp_enabled="true"), "您好，再见")
    assert ended(watch) is None
    marks = marks_of(watch)
    assert [chars for chars, _, _ in marks] == [1, 2, 3, 4, 5]
    truth = list(itertools.accumulate(span[2] - span[1] for span in tone.spans("您好，再见")))
    assert [ms for _, ms, _ in marks] == pytest.approx(truth, abs=2)


def test_a_flush_is_heard_before_the_end_of_a_sentence(gateway: Gateway) -> None:
    watch = Watch()
    work = of(gateway).start("t", watch)
    work.say("好")
    work.flush()
    until(lambda: "audio" in watch.names())
    work.finish()
    assert ended(watch) is None and tone.hear(audio_of(watch), 8000) == "好"


def test_markup_is_spoken_without_its_tags(gateway: Gateway) -> None:
    watch = say(of(gateway, enable_ssml="true"), "<speak>您好，", "再见。</speak>")
    assert ended(watch) is None and tone.hear(audio_of(watch), 8000) == "您好，再见。"


def test_the_key_and_the_workspace_reach_the_service() -> None:
    with Loopback(lambda peer: peer.upgrade()) as server:
        work = synthesiser(server, workspace="ws-7").start("t", Watch())
        head = server.result()
        work.cancel()
    assert f"Authorization: Bearer {KEY}" in head and "X-DashScope-WorkSpace: ws-7" in head


REFUSALS = [
    (429, "throttled", True), (402, "quota", False), (418, "voice", False), (428, "settings", False),
    (451, "text", False), (404, "settings", False), (401, "credentials", False), (500, "server", True),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind", "retry"), REFUSALS)
@pytest.mark.parametrize("events", [0, 3])
def test_a_task_that_fails_is_about_what_the_service_says(
    gateway: Gateway, value: int, kind: str, retry: bool, events: int
) -> None:
    gateway.faults.set("cosyvoice", Fault("failed", value, events=events))
    error = ended(say(of(gateway), "您好，这里是云。"))
    assert error is not None and (error.kind, error.retry) == (kind, retry)


def test_a_wrong_key_is_the_operators_fault_and_is_not_shown(gateway: Gateway) -> None:
    error = ended(say(of(gateway, api_key="sk-of-somebody-else"), "您好。"))
    assert error is not None and (error.kind, error.code, error.retry) == ("credentials", "HTTP 401", False)
    assert "somebody" not in str(error) and "check api_key" in str(error)


def test_a_reply_longer_than_the_services_patience_is_heard_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosyvoice_task, "REST_S", 0.2)
    with Gateway(GatewayOptions(task_idle_s=0.4)) as gateway:
        watch = Watch()
        service = of(gateway)
        work = service.start("t", watch)
        for text in ("您好，", "这里是", "云。"):
            work.say(text)
            gateway.wait(lambda: False, 0.45)
        work.finish()
        assert ended(watch) is None
        assert tone.hear(audio_of(watch), 8000) == "您好，这里是云。"
        runs = [one for visit in gateway.seen("cosyvoice") for one in visit.all("run-task")]
        assert len(runs) >= 3 and not any(visit.ended.startswith("failed") for visit in gateway.log)
        close_all()


@pytest.mark.usefixtures("short_rest")
def test_a_service_that_says_its_end_twice_ends_one_task_and_not_the_next() -> None:
    stopping, go = threading.Event(), threading.Event()

    def script(tasks: Tasks) -> None:
        tasks.start()
        tasks.read_until("finish-task")
        stopping.set()
        waited(go)
        tasks.sentence("一", bytes(1600))
        head = {"task_id": tasks.task_id, "event": "task-finished", "attributes": {}}
        tasks.peer.send(frame(1, json.dumps({"header": head, "payload": {}})) * 2)
        tasks_in_a_row(tasks)

    with Loopback(play(script), play(tasks_in_a_row)) as server:
        watch = Watch()
        service = synthesiser(server)
        work = service.start("t", watch)
        work.say("一")
        waited(stopping)
        work.say("二")
        work.finish()
        go.set()
        assert ended(watch) is None
        service.close()
    assert len(audio_of(watch)) == 3200
