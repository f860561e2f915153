"""What NLS SpeechTranscriber has for itself; what every recogniser is held to is in ``test_recognisers.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from firstword.errors import ConfigError
from firstword.providers.aliyun.asr import make
from firstword.speech.asr import Recogniser, Transcript
from firstword.speech.watch import Watch
from net.loopback import Loopback, Peer

from .nls_peer import FIXED, Nls, ended, until
from .traces import request


def recogniser(server: Loopback, **values: str) -> Recogniser:
    return make({"url": server.ws, **FIXED, **values}, "test")


def play(script: Callable[[Nls], Any]) -> Callable[[Peer], Any]:
    return lambda peer: script(Nls(peer))


def test_the_token_goes_in_the_header_and_the_handshake_is_the_sdks_but_for_its_doubled_key() -> None:
    with Loopback(play(lambda nls: nls.head)) as server:
        watch = Watch()
        recogniser(server).start("t", watch)
        ended(watch)
        line, *headers = server.result().rstrip().split("\r\n")
    assert line == "GET /ws/v1 HTTP/1.1" and f"X-NLS-Token: {FIXED['token']}" in headers
    _, theirs, _ = request("nls_transcriber_8k")
    assert sorted(header.split(":")[0].lower() for header in headers) == sorted(theirs)


def test_an_idle_timeout_after_the_stop_is_an_end_and_not_a_failure() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.read_until("StopTranscription")
        nls.fail(40000004, "Gateway:IDLE_TIMEOUT:... the last directive is 'StopTranscription'!")

    with Loopback(play(script)) as server:
        watch = Watch()
        recogniser(server).start("t", watch).finish()
        assert ended(watch) is None and watch.names() == ["ready", "finished"]


def test_an_idle_timeout_before_it_is_a_failure_worth_another_try() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.fail(40000004, "Gateway:IDLE_TIMEOUT:Websocket session is idle")

    with Loopback(play(script)) as server:
        watch = Watch()
        recogniser(server).start("t", watch)
        error = ended(watch)
    assert error is not None and (error.code, error.retry, error.provider) == ("40000004", True, "aliyun asr")


FAILURES = {
    "token expired": (
        40000001,
        f"Gateway:ACCESS_DENIED:The token '{FIXED['token']}' has expired!",
        "refused the token",
    ),
    "bad appkey": (40020105, "Meta:APPKEY_NOT_EXIST", "appkey"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_what_the_operator_must_see_to_is_said_in_words_and_not_tried_again(what: str) -> None:
    status, text, words = FAILURES[what]
    with Loopback(play(lambda nls: [nls.read(), nls.fail(status, text)])) as server:
        watch = Watch()
        recogniser(server).start("t", watch)
        error = ended(watch)
    assert error is not None and words in str(error) and (error.code, error.retry) == (str(status), False)
    assert FIXED["token"] not in str(error) and FIXED["appkey"] not in str(error)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sample_rate": "11025"}, "sample_rate takes 8000 or 16000"),
        ({"app_key": "x"}, "unknown setting 'app_key' (did you mean 'appkey'?)"),
        ({"send_ms": "5"}, "send_ms takes 10 to 500, not 5"),
        ({"token": ""}, "the environment variable ALIYUN_AK_ID is not set"),
    ],
)
def test_a_setting_that_can_not_be_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], words: str
) -> None:
    monkeypatch.delenv("ALIYUN_AK_ID", raising=False)
    with pytest.raises(ConfigError) as caught:
        make({**FIXED, **values}, 'profile "x"')
    assert words in str(caught.value) and str(caught.value).startswith('profile "x": ')


def test_what_is_understood_of_the_next_sentence_already_is_a_partial_of_it() -> None:
    def script(nls: Nls) -> None:
        nls.expect("StartTranscription")
        nls.tell("TranscriptionStarted")
        nls.tell(
            "SentenceEnd",
            {"index": 1, "begin_time": 100, "time": 900, "result": "我要退票，", "stash_result": {"text": "明天的"}},
        )
        nls.tell(
            "SentenceEnd",
            {"index": 2, "begin_time": 900, "time": 1500, "result": "明天的。", "stash_result": {"text": ""}},
        )
        nls.expect("StopTranscription")
        nls.tell("TranscriptionCompleted")

    with Loopback(play(script)) as server:
        watch = Watch()
        service = recogniser(server, semantic="true")
        work = service.start("t", watch)
        until(lambda: watch.names().count("final") == 2)
        work.finish()
        assert ended(watch) is None
        service.close()
    told = [(name, args[0]) for name, args in watch.events if name in ("partial", "final")]
    assert told == [
        ("final", Transcript("我要退票，", 1, 100, 900)),
        ("partial", Transcript("明天的", 2, 900, 900)),
        ("final", Transcript("明天的。", 2, 900, 1500)),
    ]
