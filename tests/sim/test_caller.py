"""A scripted caller on a simulated channel, with a bot that is nothing but a FIFO."""

from __future__ import annotations

import os
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firstword import threads
from firstword.audio import tone
from firstword.clock import SYSTEM
from firstword.sim.caller import Conversation, converse
from firstword.sim.room import Echo, Noise
from firstword.sim.script import (
    Backchannel,
    HangUp,
    MakeNoise,
    Pause,
    Press,
    Say,
    SayInParts,
    Script,
    Step,
    Wait,
    WaitFor,
)
from firstword.sim.switch import SimCall

from .conftest import MakeSwitch
from .test_media import write

BOT = """
    import freeswitch
    def handler(session, args):
        session.answer()
        session.execute("displace_session", args + " m")
        def key(s, what, dtmf):
            freeswitch.consoleLog("info", f"key {dtmf.digit}")
            return ""
        session.setInputCallback(key)
        session.streamFile("silence_stream://-1")
"""
QUICK = 20  # ms a byte


class Bot:
    """Says what it is told to, kept two frames deep in the pipe; silence otherwise."""

    def __init__(self, path: Path) -> None:
        self.call: SimCall | None = None
        self._path = path
        self._speech = b""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threads.spawn("bot", self._run, "test")

    def say(self, text: str) -> None:
        with self._lock:
            self._speech += tone.speak(text, 8000, QUICK)

    def hush(self) -> None:
        with self._lock:
            self._speech = b""

    def _run(self) -> None:
        end = write(self._path)
        written = 0
        try:
            while not self._stop.wait(0.005):
                taken = self.call.line.frames if self.call else 0
                while written < taken + 2:
                    with self._lock:
                        frame, self._speech = self._speech[:320].ljust(320, b"\0"), self._speech[320:]
                    os.write(end, frame)
                    written += 1
        except BrokenPipeError:
            return
        finally:
            os.close(end)

    def close(self) -> None:
        self._stop.set()
        threads.join([self._thread], 2.0)


class Stage:
    def __init__(self, call: SimCall, bot: Bot) -> None:
        self.call = call
        self.bot = bot

    def converse(self, *steps: Step) -> Conversation:
        return converse(self.call, Script(steps, byte_ms=QUICK))

    def later(self, seconds: float, *acts: object) -> None:
        """Do `acts` so much later, one after the other."""

        def run() -> None:
            SYSTEM.sleep(seconds)
            for act in acts:
                assert callable(act)
                act()

        threads.spawn("later", run, "test")


@pytest.fixture
def stage(make_switch: MakeSwitch, tmp_path: Path) -> Iterator[Stage]:
    path = tmp_path / "out.r8"
    os.mkfifo(path)
    bot = Bot(path)
    call = make_switch(BOT).call(f"bot {path}")
    bot.call = call
    yield Stage(call, bot)
    bot.close()


def test_the_caller_waits_for_the_reply_and_hears_it_to_the_character(stage: Stage) -> None:
    stage.later(0.2, lambda: stage.bot.say("您好 hi"))
    conversation = stage.converse(WaitFor("reply", within=3), WaitFor("silence", silence=0.3, within=3))
    assert conversation.failure == ""
    assert conversation.heard_text() == "您好 hi"
    assert conversation.ended_by == "caller"


def test_each_character_is_heard_at_its_time(stage: Stage) -> None:
    stage.later(0.2, lambda: stage.bot.say("abc"))
    conversation = stage.converse(WaitFor("reply", within=3), Wait(0.2))
    onset = stage.call.line.onsets[0]
    characters = conversation.heard_characters()
    assert [c.text for c in characters] == ["a", "b", "c"]
    for number, character in enumerate(characters):
        assert character.begin - onset == pytest.approx(number * QUICK / 1000, abs=0.03)
        assert character.end > character.begin


def test_a_reply_is_the_first_onset_since_the_caller_spoke(stage: Stage) -> None:
    """Not the greeting that is long over."""
    stage.later(0.1, lambda: stage.bot.say("one"))
    stage.later(1.2, lambda: stage.bot.say("two"))
    conversation = stage.converse(Wait(0.7), Say("hello", QUICK), WaitFor("reply", within=3), Wait(0.1))
    assert conversation.failure == ""
    assert conversation.heard_text() == "onetwo"
    assert len(stage.call.line.onsets) == 2
    assert conversation.steps[-1][0] >= stage.call.line.onsets[1]


def test_silence_is_asked_after_the_bot_spoke_and_not_before(stage: Stage) -> None:
    stage.later(0.05, lambda: stage.bot.say("early"))
    stage.later(1.0, lambda: stage.bot.say("late"))
    conversation = stage.converse(Wait(0.5), Say("hello", QUICK), WaitFor("silence", silence=0.2, within=3))
    assert conversation.failure == ""
    assert conversation.heard_text() == "earlylate"


def test_an_interruption_comes_so_much_after_the_reply_began(stage: Stage) -> None:
    stage.later(0.1, lambda: stage.bot.say("a" * 100))
    conversation = stage.converse(WaitFor("reply", within=3), Wait(0.4), Say("stop", QUICK))
    spoken = [at for at, text in conversation.steps if text.startswith("say")]
    assert spoken[0] - stage.call.line.onsets[0] == pytest.approx(0.4, abs=0.05)
    assert tone.hear(stage.call.line.said(), 8000, QUICK) == "stop"


def test_words_are_waited_for_and_each_is_heard_once(stage: Stage) -> None:
    stage.later(0.1, lambda: stage.bot.say("say goodbye"))
    conversation = stage.converse(WaitFor("words", "goodbye", within=3), WaitFor("words", "goodbye", within=0.3))
    assert conversation.failure == "step 2 (wait_for: words goodbye): they were not heard within 0.3 s"


def test_a_turn_in_parts_is_one_turn_whose_parts_have_their_times(stage: Stage) -> None:
    conversation = stage.converse(SayInParts(("one", Pause(0.3), Noise("cough", 60), "two"), QUICK))
    assert conversation.failure == ""
    assert tone.hear(stage.call.line.said(), 8000, QUICK) == "onetwo"
    (turn,) = conversation.sounds
    assert [part.text for part in turn.parts] == ["one", "two"]
    one, two = turn.parts
    assert one.end - one.begin == pytest.approx(0.04, abs=0.015), "three frames"
    assert two.begin - one.end == pytest.approx(0.38, abs=0.03), "a frame, the pause and the cough"
    assert (turn.kind, turn.begin, turn.end) == ("turn", one.begin, two.end)


def test_what_began_in_a_pause_is_no_answer_to_the_whole_turn(stage: Stage) -> None:
    stage.later(0.3, lambda: stage.bot.say("early"))
    stage.later(1.6, lambda: stage.bot.say("late"))
    conversation = stage.converse(
        SayInParts(("one", Pause(0.8), "two"), QUICK), WaitFor("silence", silence=0.2, within=3)
    )
    assert conversation.heard_text() == "earlylate"


def test_a_backchannel_and_a_noise_are_heard_and_are_no_turns(stage: Stage) -> None:
    """So the reply that goes on is still the one that is waited for."""
    stage.later(0.1, lambda: stage.bot.say("a" * 50))
    conversation = stage.converse(
        WaitFor("reply", within=3),
        MakeNoise(Noise("knock", 100)),
        Wait(0.8),
        Backchannel("mhm and so on to the end of it", QUICK),
        WaitFor("silence", silence=0.3, within=2),
    )
    assert conversation.failure == ""
    knock, mhm = conversation.sounds
    assert (knock.kind, knock.parts[0].text, mhm.kind) == ("noise", "knock", "backchannel")
    assert knock.end - knock.begin == pytest.approx(0.1)
    assert 0.7 < mhm.begin - knock.begin < 1.0
    assert np.abs(np.frombuffer(stage.call.line.said(), "<i2")[:8000]).max() > 1000, "the knock is on the line"


def test_what_was_not_said_to_its_end_has_none(stage: Stage) -> None:
    stage.later(0.2, lambda: stage.call.channel.hang_up("NORMAL_CLEARING"))
    conversation = stage.converse(Say("a" * 100, QUICK))
    (turn,) = conversation.sounds
    assert turn.begin < conversation.ended < turn.end == float("inf")


def test_a_line_with_an_echo_sends_the_bot_back(stage: Stage) -> None:
    stage.later(0.1, lambda: stage.bot.say("hello"))
    script = Script((WaitFor("silence", silence=0.4, within=3),), byte_ms=QUICK, echo=Echo(-20, 200))
    converse(stage.call, script)
    assert tone.hear(stage.call.line.said(), 8000, QUICK) == "hello"


def test_keys_are_pressed_one_after_another_and_their_times_are_kept(stage: Stage) -> None:
    conversation = stage.converse(Press("12#"), Wait(0.1))
    assert [key for _, key in conversation.keys] == ["1", "2", "#"]
    assert conversation.keys[1][0] - conversation.keys[0][0] >= 0.09


@pytest.mark.parametrize(
    ("step", "failure"),
    [
        (WaitFor("reply", within=0.2), "step 1 (wait_for: reply): no reply within 0.2 s"),
        (WaitFor("silence", within=0.2), "step 1 (wait_for: silence): the bot did not finish within 0.2 s"),
        (WaitFor("end", within=0.2), "step 1 (wait_for: end): the bot did not hang up within 0.2 s"),
    ],
)
def test_every_wait_has_a_bound_and_its_failure_names_the_step(stage: Stage, step: Step, failure: str) -> None:
    conversation = stage.converse(step)
    assert conversation.failure == failure
    assert stage.call.done.is_set(), "the caller hangs up all the same"


def test_a_bot_that_hangs_up_first_is_a_failure_unless_it_was_waited_for(stage: Stage) -> None:
    stage.later(0.2, lambda: stage.call.channel.hang_up("NORMAL_CLEARING"))
    conversation = stage.converse(WaitFor("end", within=3), HangUp())
    assert conversation.failure == ""
    assert conversation.ended_by == "bot"


def test_a_step_that_the_call_did_not_live_to_see_fails(stage: Stage) -> None:
    stage.later(0.2, lambda: stage.call.channel.hang_up("NORMAL_CLEARING"))
    conversation = stage.converse(Wait(2.0))
    assert conversation.failure == "step 1 (wait: 2 s): the call ended first"
    assert conversation.ended_by == "bot"


def test_a_call_that_is_never_answered_fails_by_name(make_switch: MakeSwitch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firstword.sim.caller.ANSWER_S", 0.2)
    switch = make_switch(
        """
        import time
        def handler(session, args):
            while session.ready():
                time.sleep(0.01)
        """
    )
    conversation = converse(switch.call("bot"), Script((HangUp(),)))
    assert conversation.failure == "the beginning: the call was not answered"


def test_the_recording_has_the_caller_left_and_the_bot_right(stage: Stage, tmp_path: Path) -> None:
    stage.later(0.1, lambda: stage.bot.say("right"))
    conversation = stage.converse(Say("left", QUICK), Wait(0.3))
    conversation.write_wav(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav")) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert [tone.hear(both[:, side].tobytes(), 8000, QUICK) for side in (0, 1)] == ["left", "right"]
