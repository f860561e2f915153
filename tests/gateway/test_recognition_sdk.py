"""The referee: the official DashScope SDK's recognisers work against the gateway as they are."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from firstword.gateway.command import places
from firstword.gateway.faults import Fault
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway

HERE = Path(__file__).parent
ASKED = ["今天北京天气怎么样？", "再见。"]
MODELS = ["paraformer-realtime-8k-v2", "paraformer-realtime-v2", "fun-asr-realtime", "fun-asr-flash-8k-realtime"]


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    """What the SDK was told, and the gateway's journal of it."""
    if importlib.util.find_spec("dashscope") is None:
        pytest.skip("the DashScope SDK is not installed: pip install firstword[referees]")
    folder = tmp_path_factory.mktemp("recognition")
    with Gateway(GatewayOptions()) as gateway:
        (folder / "at.json").write_text(json.dumps(places(gateway)))

        def drive(name, *model):
            command = [sys.executable, "-W", "ignore", str(HERE / "recognition_driver.py"), "at.json", name, *model]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
            return json.loads((folder / name).read_text())

        got = drive("got.json")
        got["journal"] = gateway.log
        with gateway.faults.set("paraformer", Fault("failed", 23, events=3)):
            got["fails in the middle"] = drive("failed.json", MODELS[0])
    return got


@pytest.mark.parametrize("model", [*MODELS, "gummy-realtime-v1"])
def test_the_sdk_recognises_to_the_character(sdk, model):
    told = sdk[model]
    assert told["finals"] == ASKED and told["partials"] >= 3
    assert told["names"][0] == "open" and told["names"][-2:] == ["complete", "close"] and "error" not in told["names"]


def test_the_sdk_is_given_translations(sdk):
    wanted = [[language, f"{language}: {text}"] for text in ASKED for language in ("en", "ja")]
    assert sdk["gummy-realtime-v1"]["translations"] == wanted


@pytest.mark.parametrize(
    ("what", "code", "words"),
    [
        ("wrong model", "ModelNotFound", "paraformer-realtime-v9"),
        ("wrong rate", "InvalidParameter", "not supported"),
        ("wrong key", "401", "api-key is invalid"),
        ("fails in the middle", "CLIENT_ERROR", "request timeout after 23 seconds."),
    ],
)
def test_the_sdk_is_told_what_went_wrong(sdk, what, code, words):
    told = sdk[what]
    assert told["error"]["code"] == code and words in told["error"]["message"], told
    assert told["names"].count("error") == 1 and "complete" not in told["names"]


def test_all_that_went_well_was_completed(sdk):
    ended = [visit.ended for visit in sdk["journal"] if visit.service == "paraformer"]
    assert ended == ["completed"] * 5 + ["failed ModelNotFound", "failed InvalidParameter"]
    assert [visit.ended for visit in sdk["journal"] if visit.service == "dashscope"] == ["HTTP 401"]
