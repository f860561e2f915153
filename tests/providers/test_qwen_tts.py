from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.providers.dashscope import qwen_modes, qwen_session
from firstword.providers.dashscope.qwen_tts import make
from firstword.speech.tts import Synthesiser
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer, frame

from .nls_peer import ended, until, waited
from .realtime_peer import KEY, RealtimePeer, play
from .traces import sent

APPEND, COMMIT, FINISH = "input_text_buffer.append", "input_text_buffer.commit", "session.finish"


def synthesiser(server: Loopback, **values: str) -> Synthesiser:
    return make({"url": server.ws, "api_key": KEY, "spares": "0", **values}, "test")


def audio_of(watch: Watch) -> bytes:
    return b"".join(args[0] for name, args in watch.events if name == "audio")


def marks_of(watch: Watch) -> list[tuple[int, float, bool]]:
    return [(a[0].chars, a[0].audio_ms, a[0].exact) for name, a in watch.events if name == "mark"]


def honest(realtime: RealtimePeer) -> list[str]:
    """A service that speaks a hundred milliseconds a character, at the commit. Returns what each response spoke."""
    realtime.begin()
    spoken: list[str] = []
    while (message := realtime.read()) is not None:
        if message["type"] == COMMIT:
            spoken.append("".join(realtime.texts))
            realtime.texts.clear()
            realtime.respond(bytes(1600) * len(spoken[-1]))
        elif message["type"] == FINISH:
            realtime.finished()
    return spoken


def server_commits(realtime: RealtimePeer) -> list[str]:
    """A service that speaks everything at the end, in two responses. Returns its texts."""
    realtime.begin()
    realtime.read_until(FINISH)
    pcm = bytes(1600) * len("".join(realtime.texts))
    realtime.respond(pcm[:1600])
    realtime.respond(pcm[1600:])
    realtime.finished()
    assert realtime.read() is None
    return realtime.texts


def test_the_key_and_the_model_go_at_the_upgrade_and_the_settings_first() -> None:
    def script(realtime: RealtimePeer) -> tuple[str, dict[str, Any]]:
        realtime.expect("session.update")
        return realtime.head, realtime.session

    with Loopback(play(script)) as server:
        work = synthesiser(server, model="my model?", voice="Ethan", workspace="ws-1").start("t", Watch())
        head, session = server.result()
        work.cancel()
    assert head.startswith("GET /ws/v1?model=my%20model%3F HTTP/1.1")
    assert f"Authorization: Bearer {KEY}\r\n" in head and "X-DashScope-WorkSpace: ws-1\r\n" in head
    assert session == {"voice": "Ethan", "mode": "commit", "response_format": "pcm", "sample_rate": 8000}


def test_text_goes_before_the_service_has_said_anything() -> None:
    def script(realtime: RealtimePeer) -> list[str]:
        realtime.expect("session.update", APPEND, COMMIT)
        realtime.tell("session.created")
        realtime.tell("session.updated")
        realtime.respond(bytes(320))
        realtime.expect(FINISH)
        realtime.finished()
        return realtime.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("您好，")
        work.finish()
        assert ended(watch) is None
    assert server.results == [["您好，"]] and marks_of(watch) == [(3, 20.0, True)]


def test_each_clause_is_committed_as_soon_as_it_is_whole_and_its_response_ends_it_exactly() -> None:
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        marks = 0
        for token in ("您", "好", "，", "这里", "是", "云呼叫", "中心，", "请问有什么可以", "帮您？"):
            work.say(token)
            marks += token[-1] in "，？"
            until(lambda marks=marks: len(marks_of(watch)) == marks)
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.results == [["您好，", "这里是云呼叫中心，", "请问有什么可以帮您？"]]
    assert marks_of(watch) == [(3, 300.0, True), (12, 1200.0, True), (22, 2200.0, True)]


def test_half_a_clause_goes_at_once_when_it_is_asked_for() -> None:
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        began = time.monotonic()
        work.say("一二")
        work.flush()
        until(lambda: len(marks_of(watch)) == 1)
        assert time.monotonic() - began < qwen_modes.PATIENCE_S / 2
        work.say("三四")
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.results == [["一二", "三四"]]


def test_half_a_clause_goes_when_nothing_has_come_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qwen_modes, "PATIENCE_S", 0.1)
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        began = time.monotonic()
        work.say("三四")
        until(lambda: len(marks_of(watch)) == 1)
        assert time.monotonic() - began >= 0.1
        work.say("五六")
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.results == [["三四", "五六"]]


def test_a_connection_lost_with_half_a_clause_in_hand_is_a_failure_and_not_a_loss() -> None:
    go = threading.Event()

    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        waited(go)
        realtime.peer.reset()

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("我的")
        time.sleep(0.05)
        go.set()
        error = ended(watch)
        assert error is not None and error.retry and error.kind == "network"


@pytest.mark.parametrize("mode", ["commit", "server_commit"])
def test_the_messages_are_the_sdks_in_the_sdks_order(mode: str) -> None:
    """The recorded run of the SDK said the same text, with a pause after each of its three pieces."""
    theirs = [(one["type"], one.get("text", "")) for one in sent(f"qwen_tts_realtime.{mode}")]
    pieces = [text for type_, text in theirs if type_ == APPEND]

    def script(realtime: RealtimePeer) -> list[tuple[str, str]]:
        ours: list[tuple[str, str]] = []
        while (message := realtime.read()) is not None:
            ours.append((message["type"], message.get("text", "")))
            if message["type"] == COMMIT:
                realtime.respond(bytes(320))
            elif message["type"] == FINISH:
                realtime.respond(bytes(320))
                realtime.finished()
        assert len(set(realtime.ids)) == len(realtime.ids)
        return ours

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, mode=mode, sample_rate="24000").start("t", watch)
        for number, text in enumerate(pieces, 1):
            work.say(text)
            until(lambda number=number: len(marks_of(watch)) == number or mode == "server_commit")
            time.sleep(0.02)
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    ours = server.result()
    assert [type_ for type_, _ in ours] == [type_ for type_, _ in theirs]
    assert "".join(text for _, text in ours) == "".join(pieces)
    if mode == "server_commit":
        assert ours == theirs  # in commit the SDK's program committed half a clause; we never do


def test_what_is_said_during_a_response_is_the_next_one() -> None:
    go = threading.Event()

    def script(realtime: RealtimePeer) -> list[str]:
        realtime.begin()
        realtime.expect(APPEND, COMMIT)
        waited(go)
        realtime.peer.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            realtime.peer.read(1)
        realtime.peer.sock.setblocking(True)
        realtime.respond(bytes(320))
        realtime.expect(APPEND, COMMIT)
        realtime.respond(bytes(320))
        realtime.expect(FINISH)
        return realtime.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("一，")
        time.sleep(0.05)
        for text in ("二，", "三", "四"):
            work.say(text)
        work.finish()
        time.sleep(0.05)
        go.set()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.result() == ["一，", "二，三四"] and marks_of(watch) == [(2, 20.0, True), (6, 40.0, True)]


def test_a_long_text_is_spoken_in_parts_and_loses_nothing() -> None:
    text = "今天天气很好。" * 200
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say(text)
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert [len(spoken) for spoken in server.result()] == [595, 595, 210] and "".join(server.result()) == text


def test_punctuation_waits_for_something_to_be_spoken_with() -> None:
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("……")
        time.sleep(0.05)
        work.say("好，")
        until(lambda: marks_of(watch))
        work.say("。！")
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results)
    assert server.result() == ["……好，"] and marks_of(watch) == [(4, 400.0, True), (6, 400.0, True)]


def test_a_reply_is_over_with_its_last_response_and_the_session_ends_by_itself() -> None:
    go, over = threading.Event(), threading.Event()

    def script(realtime: RealtimePeer) -> str:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.respond(bytes(320))
        realtime.expect(FINISH)
        waited(go)
        realtime.finished()
        over.set()
        return "in order" if realtime.read() is None else "?"

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("好")
        work.finish()
        assert ended(watch) is None and not over.is_set()
        go.set()
        until(lambda: server.results == ["in order"])


def test_a_session_that_is_never_said_to_be_finished_is_closed_and_costs_the_reply_nothing() -> None:
    def script(realtime: RealtimePeer) -> str:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.respond(bytes(320))
        realtime.expect(FINISH)
        return "closed" if realtime.read() is None else "?"

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("好")
        work.finish()
        assert ended(watch) is None
        until(lambda: server.results == ["closed"])


def test_deltas_of_any_size_become_whole_samples_and_nothing_is_lost() -> None:
    pcm = bytes(at % 251 for at in range(900))

    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.tell("response.created", response={"id": "r"})
        for begin, end in ((0, 1), (1, 2), (2, 2), (2, 5), (5, 302), (302, 900)):
            realtime.delta(pcm[begin:end])
        realtime.tell("response.done", response={"id": "r", "status": "completed"})

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("x")
        work.finish()
        assert ended(watch) is None
    assert audio_of(watch) == pcm
    assert all(args[0] and len(args[0]) % 2 == 0 for name, args in watch.events if name == "audio")


def test_half_a_sample_at_a_responses_end_does_not_turn_the_next_into_noise() -> None:
    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        for audio in (b"\1\2\3", b"\4\5\6\7"):
            realtime.read_until(COMMIT)
            realtime.respond(audio)

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("一，")
        until(lambda: marks_of(watch))
        work.say("二")
        work.finish()
        assert ended(watch) is None
    assert audio_of(watch) == b"\1\2\4\5\6\7"


# The mode server_commit


def test_the_service_decides_when_to_speak_and_only_the_end_of_all_is_known() -> None:
    with Loopback(play(server_commits)) as server:
        watch = Watch()
        work = synthesiser(server, mode="server_commit").start("t", watch)
        for text in ("您好，", "这里", "是。"):
            work.say(text)
        work.finish()
        assert ended(watch) is None
    assert "".join(server.result()) == "您好，这里是。" and len(audio_of(watch)) == 7 * 1600
    assert marks_of(watch) == [(7, 700.0, False)]


@pytest.mark.parametrize("answer", ["committed", "refused"])
def test_a_flush_is_a_commit_and_one_of_nothing_is_no_failure(answer: str) -> None:
    def script(realtime: RealtimePeer) -> list[str]:
        realtime.begin()
        types = realtime.read_until(COMMIT)
        if answer == "refused":
            realtime.fail("invalid_value", "Error committing input text buffer: the buffer is empty.")
        else:
            realtime.tell("input_text_buffer.committed", item_id="")
        types += realtime.read_until(FINISH)
        realtime.respond(bytes(320))
        realtime.finished()
        return types

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, mode="server_commit").start("t", watch)
        work.say("one ")
        work.flush()
        work.flush()
        until(lambda: server.connections)
        time.sleep(0.05)
        work.say("two")
        work.finish()
        assert ended(watch) is None
    assert server.results == [[APPEND, COMMIT, APPEND, FINISH]]


# A model that thinks for long


@pytest.fixture
def short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qwen_session, "REST_S", 0.15)


@pytest.mark.usefixtures("short_rest")
@pytest.mark.parametrize(("mode", "exact"), [("commit", True), ("server_commit", False)])
def test_a_reply_whose_model_pauses_is_spoken_by_two_sessions_without_a_gap_in_the_text(mode: str, exact: bool) -> None:
    script = honest if mode == "commit" else server_commits
    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, mode=mode).start("t", watch)
        work.say("你好，")
        until(lambda: server.results)  # it rested
        work.say("再见。")
        work.finish()
        assert ended(watch) is None
        until(lambda: len(server.results) == 2)
    assert ["".join(texts) for texts in server.results] == ["你好，", "再见。"]
    assert marks_of(watch) == [(3, 300.0, exact), (6, 600.0, exact)], "both count from the reply's start"


def test_a_text_of_any_length_is_given_to_the_service_whole() -> None:
    """More than may wait for a socket at once: the rest follows when that has gone."""
    text = "".join(chr(0x4E00 + number % 5000) for number in range(80_000))

    def script(realtime: RealtimePeer) -> list[str]:
        realtime.begin()
        realtime.read_until(FINISH)
        realtime.respond(bytes(1600))
        realtime.finished()
        return realtime.texts

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server, mode="server_commit").start("t", watch)
        work.say(text)
        work.finish()
        assert ended(watch) is None
    assert "".join(server.result()) == text


@pytest.mark.usefixtures("short_rest")
def test_an_end_said_twice_counts_its_text_once() -> None:
    def first(realtime: RealtimePeer) -> None:
        realtime.begin()
        realtime.read_until(FINISH)
        realtime.respond(bytes(4800))
        realtime.peer.send(frame(1, json.dumps({"type": "session.finished"})) * 2)

    with Loopback(play(first), play(server_commits)) as server:
        watch = Watch()
        work = synthesiser(server, mode="server_commit").start("t", watch)
        work.say("你好，")
        until(lambda: server.results)
        work.say("再见。")
        work.finish()
        assert ended(watch) is None
    assert marks_of(watch) == [(3, 300.0, False), (6, 600.0, False)]


@pytest.mark.usefixtures("short_rest")
def test_a_reply_that_ends_while_resting_is_finished() -> None:
    with Loopback(play(honest)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("好。")
        until(lambda: server.results)
        work.finish()
        assert ended(watch) is None and server.connections == 1


@pytest.mark.parametrize("mode", ["commit", "server_commit"])
def test_a_service_that_gives_up_before_there_was_text_costs_nothing(mode: str) -> None:
    gone = threading.Event()

    def first(realtime: RealtimePeer) -> None:
        realtime.begin()
        gone.set()

    with Loopback(play(first), play(honest if mode == "commit" else server_commits)) as server:
        watch = Watch()
        work = synthesiser(server, mode=mode).start("t", watch)
        waited(gone)
        time.sleep(0.05)
        assert not watch.names()
        work.say("好")
        work.finish()
        assert ended(watch) is None and len(audio_of(watch)) == 1600


def test_a_reply_without_text_ends_without_waiting_for_anybody() -> None:
    with Loopback(lambda peer: peer.hold()) as server:
        watch = Watch()
        began = time.monotonic()
        synthesiser(server).start("t", watch).finish()
        assert ended(watch) is None and watch.names() == ["finished"]
        assert time.monotonic() - began < 0.5


# Failures


def owes(realtime: RealtimePeer) -> None:
    realtime.begin()
    realtime.read_until(COMMIT)
    realtime.peer.hold()


def speaks_half(realtime: RealtimePeer) -> None:
    realtime.begin()
    realtime.read_until(COMMIT)
    realtime.delta(bytes(320))
    realtime.peer.hold()


def never_finishes(realtime: RealtimePeer) -> None:
    realtime.begin()
    realtime.read_until(FINISH)
    realtime.respond(bytes(320))
    realtime.peer.hold()


def drops_half(realtime: RealtimePeer) -> None:
    realtime.begin()
    realtime.read_until(COMMIT)
    realtime.delta(bytes(320))
    realtime.peer.reset()


def drops_a_tail(realtime: RealtimePeer) -> None:
    """It has spoken something of what it was given; how much, nobody knows."""
    realtime.begin()
    realtime.expect(APPEND)
    realtime.respond(bytes(320))
    realtime.peer.reset()


def answers(**told: str) -> Callable[[Peer], Any]:
    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.fail(**told)
        realtime.peer.hold()

    return play(script)


def responds(audio: bytes, status: str) -> Callable[[Peer], Any]:
    def script(realtime: RealtimePeer) -> None:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.respond(audio, status)
        realtime.peer.hold()

    return play(script)


def forbids(peer: Peer) -> None:
    peer.read_head()
    peer.answer("401 Unauthorized", '{"code":"InvalidApiKey","message":"Invalid API-key provided."}')


SERVER = {"mode": "server_commit"}
FAILURES: dict[str, tuple[Callable[[Peer], Any], Mapping[str, str], str, str, bool, str]] = {
    "never upgraded": (lambda peer: peer.hold(), {"connect_ms": "200"}, "timed out", "", True, "network"),
    "never ready": (
        play(lambda realtime: realtime.peer.hold()), {"connect_ms": "200"}, "was not ready within 200 ms", "", True, "server",
    ),
    "owes the first audio": (play(owes), {"first_audio_ms": "200"}, "sent nothing for 200 ms", "", True, "server"),
    "owes the rest": (play(speaks_half), {"idle_ms": "200"}, "sent nothing for 200 ms", "", True, "server"),
    "never finishes": (play(never_finishes), {"idle_ms": "200", **SERVER}, "sent nothing for 200 ms", "", True, "server"),
    "dropped": (play(drops_half), {}, "broke", "", True, "network"),
    "dropped with a tail": (play(drops_a_tail), SERVER, "broke", "", True, "network"),
    "forbidden": (forbids, {}, "check api_key", "HTTP 401", False, "credentials"),
    "bad voice": (
        answers(code="invalid_value", message="The requested voice 'x' is not supported."), {}, "check that voice exists",
        "invalid_value", False, "voice",
    ),
    "too many": (
        answers(code="Throttling.RateQuota", message=f"limit of {KEY} exceeded"), {}, "too many requests", "Throttling.RateQuota", True,
        "throttled",
    ),
    "failed inside": (answers(code="InternalError", message=""), {}, "failed", "InternalError", True, "server"),
    "spoke nothing": (responds(b"", "completed"), {}, "sent no audio for it", "", True, "server"),
    "response failed": (responds(bytes(320), "failed"), {}, "ended a response as 'failed'", "", True, "server"),
    "nonsense": (
        play(lambda realtime: [realtime.read(), realtime.peer.send_frame(1, "{"), realtime.peer.hold()]), {}, "not JSON", "", True,
        "server",
    ),
    "finished too early": (
        play(lambda realtime: [realtime.begin(), realtime.read_until(COMMIT), realtime.tell("session.finished")]), {},
        "sent no audio for it", "", True, "server",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_whose_fault_it_is_and_whether_to_try_again(what: str) -> None:
    script, values, words, code, retry, kind = FAILURES[what]
    with Loopback(script) as server:
        watch = Watch()
        work = synthesiser(server, **values).start("t", watch)
        if what != "never ready":
            work.say("你好。")
        if what == "never finishes":
            work.finish()
        error = ended(watch)
    assert error is not None and words in str(error), error
    assert (error.code, error.retry, error.kind, error.provider) == (code, retry, kind, "qwen tts")
    assert KEY not in str(error)


def test_an_interruption_closes_the_connection_at_once() -> None:
    def script(realtime: RealtimePeer) -> float:
        realtime.begin()
        realtime.read_until(COMMIT)
        realtime.delta(bytes(320))
        with contextlib.suppress(OSError):
            realtime.read()
        return time.monotonic()

    with Loopback(play(script)) as server:
        watch = Watch()
        work = synthesiser(server).start("t", watch)
        work.say("你好。")
        until(lambda: watch.names() == ["audio"])
        cancelled = time.monotonic()
        work.cancel()
        watch.cancelled()
        assert server.result() - cancelled < 0.2
    watch.judge()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sample_rate": "12000"}, "sample_rate takes one of 8000, 16000, 22050"),
        ({"mode": "comit"}, "did you mean 'commit'"),
        ({"language": "chinese"}, "did you mean 'Chinese'"),
        ({"speech_rate": "3"}, "speech_rate takes 0.5 to 2"),
        ({"model": "qwen-tts-realtime"}, "speaks 24000 Hz only: set sample_rate to 24000"),
        ({"model": "qwen-tts-realtime-latest", "sample_rate": "24000", "volume": "50"}, "has no volume"),
        ({"model": "qwen-tts-realtime", "sample_rate": "24000", "pitch_rate": "1"}, "has no pitch_rate"),
        ({"instructions": "slowly"}, "takes no instructions; an instruct model does"),
        ({"optimize_instructions": "true"}, "takes no instructions"),
    ],
)  # fmt: skip
def test_a_setting_that_can_not_be_is_refused_in_words(values: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make({"api_key": KEY, **values}, 'profile "x"')
    assert (
        words in str(caught.value) and str(caught.value).startswith('profile "x": ') and "\n" not in str(caught.value)
    )


def test_what_an_instruct_model_is_told_goes_into_the_settings() -> None:
    values = {"model": "qwen3-tts-instruct-flash-realtime", "instructions": "慢一点", "optimize_instructions": "false"}
    session = qwen_session.session_payload(make({"api_key": KEY, **values}, "test").settings)
    assert (session["instructions"], session["optimize_instructions"]) == ("慢一点", False)
