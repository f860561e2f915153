"""The referee: the official DashScope SDK's realtime clients work against the gateway as they are."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from firstword.gateway.command import places
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway

HERE = Path(__file__).parent
SPOKEN = "您好，这里是云呼叫中心，请问有什么可以帮您？再见"
ASKED = "今天北京天气怎么样？"
TRANSCRIPTION = "conversation.item.input_audio_transcription"


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """What the SDK was told, and the gateway's journal of it."""
    if importlib.util.find_spec("dashscope") is None:
        pytest.skip("the DashScope SDK is not installed: pip install firstword[referees]")
    folder = tmp_path_factory.mktemp("sdk")
    with Gateway(GatewayOptions()) as gateway:
        (folder / "at.json").write_text(json.dumps(places(gateway)))
        command = [
            sys.executable,
            "-W",
            "ignore",
            str(HERE / "dashscope_realtime_driver.py"),
            "at.json",
            "got.json",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        got = json.loads((folder / "got.json").read_text())
        got["journal"] = gateway.log
    return got


@pytest.mark.parametrize("mode", ["commit", "server_commit"])
def test_it_speaks_in_both_modes_to_the_character(sdk, mode):
    told = sdk[mode]
    assert told["heard"] == SPOKEN
    assert "error" not in told["names"]
    assert told["names"][:1] == ["open"] or told["names"][:2] == ["session.created", "open"]
    assert told["names"][-2:] == ["session.finished", "close 1000"]
    assert told["names"].count("response.done") == 4
    assert told["session"].startswith("sess_")
    assert told["delay"] > 0


def test_its_mistakes_are_told_to_it_and_do_not_end_the_session(sdk):
    told = sdk["corrected"]
    errors = [event["error"]["message"] for event in told["events"] if event["type"] == "error"]
    assert errors == [
        "Error committing input text buffer: the buffer is empty.",
        "Session update error: session already started or finished or failed.",
    ]
    assert "input_text_buffer.cleared" in told["names"]
    assert told["heard"] == "再见。"


@pytest.mark.parametrize("mode", ["server_vad", "manual"])
def test_it_recognises_to_the_character(sdk, mode):
    told = sdk[mode]
    finals = [event["transcript"] for event in told["events"] if event["type"] == f"{TRANSCRIPTION}.completed"]
    assert finals == [ASKED]
    assert "error" not in told["names"]
    assert told["names"][-2:] == ["session.finished", "close 1000"]
    assert (told["names"].count(f"{TRANSCRIPTION}.text") >= 2) is (mode == "server_vad")


def test_it_is_refused_with_a_bad_key(sdk):
    assert sdk["bad key"] == ["close None"]
    assert [visit.ended for visit in sdk["journal"] if visit.service == "realtime"] == ["HTTP 401"]


def test_all_its_sessions_were_completed(sdk):
    ended = [(visit.service, visit.ended) for visit in sdk["journal"] if visit.service != "realtime"]
    assert ended == [("qwen-tts", "completed")] * 3 + [("qwen-asr", "completed")] * 2
