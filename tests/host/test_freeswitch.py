"""The host of a call, on the simulated switch: what it asks the switch for, and what it never does."""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firstword import threads
from firstword.audio import tone
from firstword.clock import SYSTEM
from firstword.errors import ConfigError, HostError
from firstword.host.freeswitch import FreeSwitch, FreeSwitchHost
from firstword.sim.switch import SimCall, SimSwitch

Handler = Callable[[FreeSwitchHost], None]
FRAME = 320

DOOR = """
from tests_host_door import handle
def handler(session, args):
    handle(session, args)
"""


class Fifos:
    """Both FIFOs of a call, served as the media clock does: silence kept two frames deep, what the caller says is collected."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.caller, self.bot = folder / "in.r8", folder / "out.r8"
        os.mkfifo(self.caller)
        os.mkfifo(self.bot)
        self.heard = bytearray()
        self.arrivals: list[float] = []
        self.speech = b""
        self._stop = threading.Event()
        self._thread = threads.spawn("pump", self._pump, "test")

    def _pump(self) -> None:
        reader = os.open(self.caller, os.O_RDONLY | os.O_NONBLOCK)
        writer = None
        try:
            while not self._stop.wait(0.01):
                if writer is None:
                    try:
                        writer = os.open(self.bot, os.O_WRONLY | os.O_NONBLOCK)
                        os.set_blocking(writer, True)
                        os.write(writer, bytes(FRAME))
                    except OSError:
                        continue
                try:
                    chunk = os.read(reader, 65536)
                except BlockingIOError:
                    continue
                if chunk:  # one frame came, one frame goes: the switch's own clock
                    self.heard += chunk
                    self.arrivals += [SYSTEM.now()] * (len(chunk) // FRAME)
                    size = len(chunk)
                    out, self.speech = self.speech[:size].ljust(size, b"\0"), self.speech[size:]
                    try:
                        os.write(writer, out)
                    except BrokenPipeError:
                        return
        finally:
            os.close(reader)
            if writer is not None:
                os.close(writer)

    def close(self) -> None:
        self._stop.set()
        threads.join([self._thread], 2.0)
        self.caller.unlink()
        self.bot.unlink()


@pytest.fixture
def fifos(tmp_path: Path) -> Iterator[Fifos]:
    made = Fifos(tmp_path / "fifos")
    yield made
    made.close()


class Stage:
    """A switch whose one script hands a `FreeSwitchHost` to a function of the test."""

    def __init__(self, switch: SimSwitch, door: Any) -> None:
        self.switch = switch
        self._door = door

    def call(self, handler: Handler, **options: Any) -> SimCall:
        def handle(session: Any, args: str) -> None:
            with FreeSwitchHost(session) as host:
                handler(host)

        self._door.handle = handle
        return self.switch.call("door", **options)

    def run(self, handler: Handler, **options: Any) -> SimCall:
        call = self.call(handler, **options)
        assert call.wait(5), "the call did not end"
        assert call.error == ""
        assert not call.leaked
        return call


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    import sys
    import types

    door = types.ModuleType("tests_host_door")
    monkeypatch.setitem(sys.modules, "tests_host_door", door)
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "door.py").write_text(DOOR)
    switch = SimSwitch(scripts, tmp_path / "switch", configuration="<configuration/>")
    with switch:
        yield Stage(switch, door)
        assert switch.close() == []
    assert threads.alive() in ([], ["pump-test"])


def until(condition: Callable[[], object], seconds: float = 3.0) -> None:
    deadline = SYSTEM.deadline(seconds)
    while not condition():
        assert not deadline.passed(), "it never came"
        time.sleep(0.005)


def ignore(word: str) -> None:
    pass


def refusal(action: Callable[[], object]) -> str:
    """What `action` is refused with. Not `pytest.raises`: the stack that it keeps holds the session, as any kept exception does."""
    try:
        action()
    except HostError as error:
        return str(error)
    raise AssertionError("it was not refused")


# -- audio ---------------------------------------------------------------------------------------------------------------


def test_the_caller_is_heard_at_once_and_the_bot_is_heard_by_the_caller(stage: Stage, fifos: Fifos) -> None:
    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        host.start_audio(fifos.caller, fifos.bot)
        fifos.speech = tone.speak("bot", 8000)
        host.hold(ignore, ignore)
        host.stop_audio()

    call = stage.call(handler)
    call.line.say(tone.speak("me", 8000))
    until(lambda: len(fifos.heard) > 15 * FRAME)
    first = fifos.arrivals[0]
    until(lambda: call.line.frames > 40)
    call.hang_up()
    assert call.wait(5)
    assert tone.hear(bytes(fifos.heard), 8000) == "me"
    assert tone.hear(call.line.heard(), 8000) == "bot"
    assert first - call.line.arrivals[0] < 0.1


def test_an_ordinary_recording_after_it_is_an_ordinary_one_and_hears_both_sides(
    stage: Stage, fifos: Fifos, tmp_path: Path
) -> None:
    path = tmp_path / "both.wav"

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        host.start_audio(fifos.caller, fifos.bot)
        session = host._session
        assert {name: session.getVariable(name) for name in ("RECORD_READ_ONLY", "enable_file_write_buffering")} == {
            "RECORD_READ_ONLY": None,
            "enable_file_write_buffering": None,
        }
        assert session.getVariable("RECORD_MIN_SEC") == "1"
        session.setVariable("RECORD_STEREO", "true")
        session.setVariable("RECORD_MIN_SEC", "0")
        session.execute("record_session", str(path))
        fifos.speech = tone.speak("bot", 8000)
        host.hold(ignore, ignore)

    call = stage.call(handler, dialplan=[("set", "RECORD_MIN_SEC=1"), ("python", "door")])
    call.line.say(tone.speak("me", 8000))
    until(lambda: call.line.frames > 40)
    call.hang_up()
    assert call.wait(5)
    assert call.error == ""
    with wave.open(str(path)) as recording:
        assert recording.getnchannels() == 2
        both = np.frombuffer(recording.readframes(recording.getnframes()), "<i2").reshape(-1, 2)
    assert tone.hear(both[:, 0].tobytes(), 8000) == "me"
    assert tone.hear(both[:, 1].tobytes(), 8000) == "bot"


def test_a_refused_application_is_an_error_and_not_a_silent_call(stage: Stage, tmp_path: Path) -> None:
    seen: list[str] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        for caller, bot in (
            ("/nowhere/in.r8", "/nowhere/out.r8"),
            ("/a path/in.r8", "/out.r8"),
            (tmp_path / "in.r16", "/x"),
        ):
            seen.append(refusal(lambda caller=caller, bot=bot: host.start_audio(Path(caller), Path(bot))))
        host.stop_audio()

    stage.run(handler)
    assert "record_session /nowhere/in.r8" in seen[0]
    assert "holds a space" in seen[1]
    assert "in.r16" in seen[2]


def test_stop_audio_gives_both_fifos_back_while_the_channel_lives(stage: Stage, fifos: Fifos) -> None:
    left: list[str] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        host.start_audio(fifos.caller, fifos.bot)
        host.stop_audio()
        left.append(stage.switch.execute_api("uuid_buglist", host.uuid))
        host.stop_audio()

    stage.run(handler)
    assert "<target>" not in left[0]


# -- holding and letting go ----------------------------------------------------------------------------------------------


def test_keys_come_in_order_and_a_callback_that_fails_is_counted_and_ends_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    keys: list[str] = []
    errors: list[int] = []

    def on_key(key: str) -> None:
        keys.append(key)
        if key == "2":
            raise ValueError("no twos")

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        host.hold(on_key, ignore)
        errors.append(host.callback_errors)

    with caplog.at_level(logging.CRITICAL, "firstword.host"):
        call = stage.call(handler)
        for key in "123#":
            call.press(key)
        until(lambda: keys == ["1", "2", "3", "#"])
        call.hang_up()
        assert call.wait(5)
    assert errors == [1]
    assert [line for level, line in stage.switch.log if level == "err"] == [], "the switch complains of no callback"


def test_keys_after_hold_reach_nobody(stage: Stage) -> None:
    keys: list[str] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        host.release()
        host.hold(keys.append, ignore)
        stage.switch.calls[host.uuid].press("1")
        host._session.sleep(100)

    stage.run(handler)
    assert keys == []


@pytest.mark.parametrize(("end", "word"), [("hang_up", "hangup"), ("transfer", "transfer")])
def test_the_end_is_told_once_on_the_session_thread(stage: Stage, end: str, word: str) -> None:
    told: list[tuple[str, str]] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        watcher = threads.spawn("asks", lambda: until(lambda: not host.ready()), "test")
        host.hold(ignore, lambda by: told.append((by, threading.current_thread().name.split("-")[0])))
        threads.join([watcher], 2.0)

    call = stage.call(handler)
    until(lambda: call.line.frames > 3)
    call.hang_up() if end == "hang_up" else call.channel.transfer("operator")
    assert call.wait(5)
    assert told == [(word, "session")]


def test_a_channel_that_is_gone_before_hold_tells_so(stage: Stage) -> None:
    told: list[str] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        stage.switch.calls[host.uuid].hang_up()
        host.hold(ignore, told.append)

    stage.run(handler)
    assert told == ["hangup"]


def test_a_caller_who_is_gone_before_the_audio_has_begun_is_no_error(stage: Stage, tmp_path: Path) -> None:
    told: list[str] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        stage.switch.calls[host.uuid].hang_up()
        until(lambda: not host.ready())
        host.start_audio(tmp_path / "no.r8", tmp_path / "none.r8")
        host.hold(ignore, told.append)

    stage.run(handler)
    assert told == ["hangup"]


def test_a_channel_that_is_gone_can_not_be_answered(stage: Stage) -> None:
    seen: list[str] = []

    def handler(host: FreeSwitchHost) -> None:
        stage.switch.calls[host.uuid].hang_up()
        seen.append(refusal(host.answer))

    stage.run(handler)
    assert "gone before it could be answered" in seen[0]


def test_release_from_another_thread_ends_hold_and_the_dialplan_plays_on_unbroken(stage: Stage) -> None:
    ready: list[bool] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        friend = threads.spawn("friend", lambda: (time.sleep(0.1), host.release(), host.release())[0], "test")
        host.hold(ignore, ignore)
        ready.append(host.ready())
        threads.join([friend], 2.0)
        host.release()

    call = stage.run(handler, dialplan=[("python", "door"), ("playback", "silence_stream://200")])
    assert ready == [True]
    application, _, seconds = call.went_on[1]
    assert application == "playback"
    assert seconds > 0.15, "a late uuid_break silenced the dialplan"


def test_release_before_hold_began_ends_it_at_once(stage: Stage) -> None:
    took: list[float] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        host.release()
        began = SYSTEM.now()
        host.hold(ignore, ignore)
        took.append(SYSTEM.now() - began)

    call = stage.run(handler, dialplan=[("python", "door"), ("playback", "silence_stream://100")])
    assert took[0] < 0.05
    assert call.went_on[1][2] > 0.07


def test_release_at_any_moment_around_the_beginning_of_hold_ends_it(stage: Stage) -> None:
    for microseconds in range(0, 3000, 200):

        def handler(host: FreeSwitchHost, microseconds: int = microseconds) -> None:
            host.answer()
            friend = threads.spawn("friend", lambda: (time.sleep(microseconds / 1e6), host.release())[0], "test")
            host.hold(ignore, ignore)
            threads.join([friend], 2.0)

        stage.run(handler)


def test_somebody_elses_uuid_break_does_not_end_the_call(stage: Stage) -> None:
    call = stage.call(lambda host: (host.answer(), host.hold(ignore, ignore))[0])
    until(lambda: call.line.frames > 2)
    stage.switch.api(f"uuid_break {call.uuid}")
    frames = call.line.frames
    until(lambda: call.line.frames > frames + 5)
    call.hang_up()
    assert call.wait(5)


def test_a_switch_that_can_not_play_silence_is_named_and_not_asked_for_ever(stage: Stage) -> None:
    seen: list[str] = []
    import freeswitch  # type: ignore[import-not-found]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freeswitch.Session, "streamFile", lambda self, file: 0)

        def handler(host: FreeSwitchHost) -> None:
            host.answer()
            seen.append(refusal(lambda: host.hold(ignore, ignore)))

        stage.run(handler)
    assert "mod_tone_stream" in seen[0]


def test_hang_up_ends_the_call_from_another_thread_with_its_cause(stage: Stage) -> None:
    told: list[str] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        friend = threads.spawn("friend", lambda: host.hang_up("USER_BUSY"), "test")
        host.hold(ignore, told.append)
        threads.join([friend], 2.0)
        host.hang_up()

    call = stage.run(handler)
    assert told == ["hangup"]
    assert call.channel.cause == "USER_BUSY"


# -- variables, events, afterwards ---------------------------------------------------------------------------------------


def test_variables_are_read_written_and_removed_and_nothing_the_binding_refuses_reaches_it(stage: Stage) -> None:
    seen: list[str] = []

    def handler(host: FreeSwitchHost) -> None:
        seen.append(host.variable("firstword_nothing"))
        host.set_variable("a", "1")
        host.set_variable("b", "zwei\0drei\ud800")
        host.set_variable("c", "3")
        host.set_variable("c", "")
        seen.append(host.variable("a"))

    call = stage.run(handler)
    assert seen == ["", "1"]
    assert call.variables["b"] == "zwei drei?"
    assert "c" not in call.variables


def test_events_carry_the_call_and_its_fields(stage: Stage) -> None:
    call = stage.run(lambda host: host.fire("turn", {"Text": "你好"}))
    assert list(stage.switch.events) == [("firstword::turn", {"Unique-ID": call.uuid, "Text": "你好"})]


def test_after_close_any_thread_may_ask_and_nothing_is_touched(stage: Stage) -> None:
    kept: list[FreeSwitchHost] = []

    def handler(host: FreeSwitchHost) -> None:
        host.answer()
        kept.append(host)

    stage.run(handler)
    host = kept[0]
    assert host.ready() is False
    assert host.variable("uuid") == ""
    host.set_variable("a", "1")
    host.release()
    host.hang_up()
    host.stop_audio()
    with pytest.raises(HostError, match="after its session had been closed"):
        host.answer()


# -- the process ---------------------------------------------------------------------------------------------------------


def test_the_run_folder_is_for_the_switch_alone(stage: Stage, tmp_path: Path) -> None:
    run = tmp_path / "switch" / "run" / "firstword"
    run.mkdir(mode=0o755, parents=True)
    run.chmod(0o755)
    switch = FreeSwitch()
    assert switch.run_dir == run
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert switch.log_dir == tmp_path / "switch" / "log"


def test_a_run_folder_that_is_somebodys_trap_is_refused(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "switch" / "run" / "firstword").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HostError, match="not a folder of the switch's user"):
        FreeSwitch()


def test_the_configuration_comes_from_the_switch_and_its_absence_is_one_clear_line(stage: Stage) -> None:
    switch = FreeSwitch()
    assert switch.configuration() == "<configuration/>"
    stage.switch.configuration = ""
    with pytest.raises(ConfigError, match=r"put firstword\.conf\.xml into .*autoload_configs and say reloadxml"):
        switch.configuration()


def test_a_file_in_gbk_is_refused_for_the_switch_would_have_callers_hear_other_characters(stage: Stage) -> None:
    folder = Path(stage.switch.variables["conf_dir"]) / "autoload_configs"
    folder.mkdir(parents=True)
    file = folder / "firstword.conf.xml"
    file.write_bytes("<configuration>\n<!-- 您好 -->\n</configuration>".encode("gbk"))
    with pytest.raises(ConfigError) as caught:
        FreeSwitch().configuration()
    assert str(caught.value).startswith(f"{file}, line 2: this is not UTF-8")
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        file.write_bytes("<configuration>\n<!-- 您好 -->\n</configuration>".encode(encoding))
        assert FreeSwitch().configuration() == "<configuration/>", "what the switch says is what counts"


def test_log_lines_reach_the_switch_whole(stage: Stage) -> None:
    FreeSwitch().log("notice", "a line\nand another \ud800")
    assert stage.switch.log[-1] == ("notice", "a line\nand another ?")
