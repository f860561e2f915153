"""The referee: the official DashScope SDK's synthesiser works against the gateway as it is."""

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


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """What the SDK was told, and the gateway's journal of it."""
    if importlib.util.find_spec("dashscope") is None:
        pytest.skip("the DashScope SDK is not installed: pip install firstword[referees]")
    folder = tmp_path_factory.mktemp("cosyvoice")
    voices = ("longanyang", "longxiaochun_v2")
    with Gateway(GatewayOptions(voice_names=voices, real_time_factor=0.02, frame_bytes=2000)) as gateway:
        (folder / "at.json").write_text(json.dumps(places(gateway)))
        command = [sys.executable, "-W", "ignore", str(HERE / "cosyvoice_driver.py"), "at.json", "got.json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        got = json.loads((folder / "got.json").read_text())
        got["journal"] = gateway.log
    return got


def types(told):
    return [output["output"].get("type") for output in told["outputs"]]


def test_the_sdk_speaks_a_stream_to_the_character(sdk):
    told = sdk["streaming"]
    assert told["heard"] == SPOKEN and told["names"] == ["open", "complete", "close"]
    ends = [output for output in told["outputs"] if output["output"]["type"] == "sentence-end"]
    assert "".join(end["output"]["original_text"] for end in ends) == SPOKEN
    assert [end["output"]["sentence"]["index"] for end in ends] == [0, 1, 2, 3]
    assert ends[-1]["usage"]["characters"] == len(SPOKEN)
    assert types(told)[0] == "sentence-begin" and types(told).count("sentence-begin") == 4


def test_the_sdk_speaks_a_whole_text_to_the_character(sdk):
    assert sdk["call"] == SPOKEN


def test_the_sdks_default_format_is_mp3(sdk):
    pytest.importorskip("av", reason="PyAV is not installed: pip install firstword[live]")
    assert sdk["default format"].startswith("ff")


def test_a_flush_speaks_what_would_wait(sdk):
    told = sdk["flush"]
    assert not told["before"] and told["flushed"] and told["heard"] == "尾巴"
    words = told["outputs"][-1]["output"]["sentence"]["words"]
    assert [word["text"] for word in words] == ["尾", "巴"]


def test_a_cancel_ends_the_task_before_its_text_does(sdk):
    told = sdk["cancel"]
    assert told["names"] == ["open", "complete", "close"]
    assert 0 < len(told["heard"]) < 100


@pytest.mark.parametrize(("what", "says"), [("bad voice", "418"), ("bad model", "ModelNotFound")])
def test_the_sdk_raises_what_the_service_says(sdk, what, says):
    assert "RequestFailure" in sdk[what] or "Model" in sdk[what]
    assert says in sdk[what]


def test_a_failed_task_reaches_the_sdks_callback(sdk):
    told = sdk["failed"]
    assert told["names"][:2] == ["error", "close"] or told["names"][1:3] == ["error", "close"]
    assert told["outputs"][0]["header"]["error_message"] == "[tts:]Engine return error code: 418"


def test_two_tasks_of_the_sdks_pool_share_a_connection(sdk):
    assert [told["heard"] for told in sdk["pool"]] == [SPOKEN, SPOKEN]
    assert max(len(visit.all("run-task")) for visit in sdk["journal"]) == 2


def test_a_wrong_key_is_refused_at_the_upgrade(sdk):
    assert "TimeoutError" in sdk["bad key"]  # it takes a refusal for a dead network, after 5 s
    assert "HTTP 401" in [visit.ended for visit in sdk["journal"]]
