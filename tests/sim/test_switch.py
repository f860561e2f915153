"""The simulated switch hurts where the real one does: scripts, threads, the GIL, keys, hooks, the dialplan."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import pytest

from firstword import threads
from firstword.clock import SYSTEM, Clock

from .conftest import MakeSwitch, finish, until

HOLDS = """
    import freeswitch
    seen = []
    def handler(session, args):
        session.answer()
        session.streamFile("silence_stream://-1")
"""


# -- scripts -------------------------------------------------------------------------------------------------------------


def test_the_entry_module_is_rebuilt_for_every_call_and_what_it_imports_is_not(make_switch: MakeSwitch) -> None:
    switch = make_switch(
        """
        import sys
        counts = {"calls": 0}
        sys.modules.setdefault("sim_test_kept", type(sys)("sim_test_kept")).__dict__.setdefault("calls", [])
        def handler(session, args):
            counts["calls"] += 1
            sys.modules["sim_test_kept"].calls.append(counts["calls"])
        """
    )
    try:
        for _ in range(3):
            assert switch.call("bot").wait(5)
        assert sys.modules["sim_test_kept"].calls == [1, 1, 1]
    finally:
        sys.modules.pop("sim_test_kept", None)


def test_an_exception_that_leaves_handler_is_logged_with_its_traceback_and_the_dialplan_goes_on(
    make_switch: MakeSwitch,
) -> None:
    switch = make_switch("def handler(session, args):\n    session.setVariable('a', args)\n    1 / 0\n")
    call = switch.call(dialplan=[("python", "bot some words"), ("set", "went=on")])
    assert call.wait(5)
    assert "ZeroDivisionError" in call.error
    assert any(level == "err" and "ZeroDivisionError" in line for level, line in switch.log)
    assert call.variables["a"] == "some words"
    assert call.channel.variables["went"] == "on"


def test_a_script_that_is_missing_or_broken_does_not_lose_the_caller(make_switch: MakeSwitch) -> None:
    switch = make_switch("this is no python\n")
    for script in ("bot", "nowhere"):
        call = switch.call(dialplan=[("python", script), ("set", "went=on")])
        assert call.wait(5)
        assert call.error
        assert call.channel.variables["went"] == "on"


def test_an_unknown_application_ends_the_call_as_the_real_switch_does(make_switch: MakeSwitch) -> None:
    call = make_switch().call(dialplan=[("plauback", "x"), ("set", "went=on")])
    assert call.wait(5)
    assert call.channel.cause == "DESTINATION_OUT_OF_ORDER"
    assert "went" not in call.channel.variables


def test_fs_cli_gets_what_fsapi_writes_and_the_startup_script_runs(make_switch: MakeSwitch) -> None:
    switch = make_switch(
        """
        import freeswitch
        def fsapi(session, stream, env, args):
            stream.write(f"{session}:{args}\\n")
        def runtime(args):
            freeswitch.consoleLog("notice", f"started {args}\\n")
        """
    )
    assert switch.api("python bot calls all") == "na:calls all\n"
    switch.startup("bot now")
    assert ("notice", "started now") in switch.log


def test_what_is_no_string_is_refused_as_swig_refuses_it(make_switch: MakeSwitch) -> None:
    switch = make_switch("def handler(session, args):\n    session.setVariable('n', 5)\n")
    call = switch.call("bot")
    assert call.wait(5)
    assert "TypeError" in call.error


# -- the GIL -------------------------------------------------------------------------------------------------------------


def longest_gap(during: Callable[[], object]) -> float:
    """The longest time a ticking thread did not run while `during` did."""
    gaps, stop = [0.0], threading.Event()

    def tick() -> None:
        last = SYSTEM.now()
        while not stop.wait(0.005):
            now = SYSTEM.now()
            gaps[0], last = max(gaps[0], now - last), now

    ticker = threads.spawn("ticker", tick, "test")
    time.sleep(0.03)
    during()
    stop.set()
    threads.join([ticker], 2.0)
    return gaps[0]


def test_a_command_holds_the_gil_until_it_returns_and_bgapi_does_not(make_switch: MakeSwitch) -> None:
    make_switch()
    import freeswitch  # type: ignore[import-not-found]

    api = freeswitch.API()
    assert longest_gap(lambda: api.executeString("msleep 300")) > 0.28
    assert longest_gap(lambda: api.execute("msleep", "300")) > 0.28
    assert longest_gap(lambda: (api.executeString("bgapi msleep 300"), time.sleep(0.4))) < 0.2


# -- keys, hooks, breaks -------------------------------------------------------------------------------------------------


def test_keys_come_on_the_session_thread_while_something_plays(make_switch: MakeSwitch) -> None:
    switch = make_switch(
        """
        import threading, freeswitch
        def handler(session, args):
            session.answer()
            def key(s, what, dtmf):
                freeswitch.consoleLog("info", f"{what} {dtmf.digit} {threading.current_thread().name}")
                return ""
            session.setInputCallback(key)
            session.streamFile("silence_stream://-1")
        """
    )
    call = switch.call("bot")
    call.press("4")
    call.press("2")
    until(lambda: len(switch.log) == 2)
    finish(call)
    assert [line for _, line in switch.log] == [f"dtmf {key} session-{call.uuid}" for key in "42"]


@pytest.mark.parametrize("answer", ["return 'break'", "return None", "raise ValueError('no')"])
def test_a_key_whose_callback_returns_no_empty_string_ends_what_plays(make_switch: MakeSwitch, answer: str) -> None:
    switch = make_switch(
        f"""
        def key(session, what, dtmf):
            {answer}
        def handler(session, args):
            session.answer()
            session.setInputCallback(key)
            session.streamFile("silence_stream://-1")
            session.setVariable("ready", str(session.ready()))
        """
    )
    call = switch.call("bot")
    call.press("1")
    assert call.wait(5), "what plays did not end"
    assert call.variables["ready"] == "True"


@pytest.mark.parametrize(("end", "what"), [("hang_up", "hangup"), ("transfer", "transfer")])
def test_the_hang_up_hook_comes_on_the_session_thread_when_streamfile_returns(
    make_switch: MakeSwitch, end: str, what: str
) -> None:
    switch = make_switch(
        """
        import threading, freeswitch
        def handler(session, args):
            session.answer()
            session.setHangupHook(lambda s, w: freeswitch.consoleLog("info", f"{w} {threading.current_thread().name}"))
            session.streamFile("silence_stream://-1")
            freeswitch.consoleLog("info", f"ready {session.ready()}")
            session.execute("displace_session", "/nowhere m")
        """
    )
    call = switch.call("bot")
    until(lambda: call.line.frames)
    if end == "hang_up":
        call.hang_up()
    else:
        assert switch.api(f"uuid_transfer {call.uuid} operator") == "+OK\n"
    assert call.wait(5)
    assert [line for _, line in switch.log][:2] == [f"{what} session-{call.uuid}", "ready False"]
    assert ("zombie_exec" in switch.log[2][1]) == (end == "hang_up"), "a dead channel refuses applications"


def test_bgapi_uuid_break_makes_streamfile_return_with_the_session_ready(make_switch: MakeSwitch) -> None:
    switch = make_switch(
        """
        import threading, freeswitch
        def handler(session, args):
            session.answer()
            command = f"bgapi uuid_break {session.get_uuid()}"
            timer = threading.Timer(0.1, lambda: freeswitch.API().executeString(command))
            timer.start()
            session.streamFile("silence_stream://-1")
            timer.join()
            session.setVariable("ready", str(session.ready()))
        """
    )
    call = switch.call("bot")
    assert call.wait(5)
    assert call.variables["ready"] == "True"


def test_a_break_that_comes_when_nothing_plays_ends_the_next_thing_that_does(make_switch: MakeSwitch) -> None:
    switch = make_switch(
        """
        import freeswitch
        def handler(session, args):
            session.answer()
            freeswitch.API().executeString(f"uuid_break {session.get_uuid()}")
        """
    )
    call = switch.call(
        dialplan=[("python", "bot"), ("playback", "silence_stream://500"), ("playback", "silence_stream://100")]
    )
    assert call.wait(5)
    assert call.went_on[1][2] < 0.1
    assert call.went_on[2][2] >= 0.08


# -- the session and its thread ------------------------------------------------------------------------------------------


def test_a_session_that_is_used_after_handler_returned_raises_loudly(make_switch: MakeSwitch) -> None:
    switch = make_switch(
        """
        import sys
        def handler(session, args):
            sys.modules["sim_test_kept"] = type(sys)("sim_test_kept")
            sys.modules["sim_test_kept"].session = session
        """
    )
    call = switch.call("bot")
    assert call.wait(5)
    session = sys.modules.pop("sim_test_kept").session
    assert call.leaked, "a session that somebody holds keeps the real channel alive"
    for use in (session.ready, lambda: session.getVariable("uuid"), lambda: session.streamFile("silence_stream://-1")):
        with pytest.raises(RuntimeError, match="after its handler had returned"):
            use()


def test_another_thread_may_ask_the_session_but_not_drive_it(make_switch: MakeSwitch) -> None:
    switch = make_switch(
        """
        import threading
        def handler(session, args):
            session.answer()
            results = []
            def other():
                results.append(session.ready())
                for use in (lambda: session.execute("sleep", "1"), lambda: session.hangup()):
                    try:
                        use()
                    except RuntimeError as error:
                        results.append("not by its own thread" in str(error))
            thread = threading.Thread(target=other)
            thread.start()
            session.streamFile("silence_stream://100")
            thread.join()
            session.setVariable("results", str(results))
        """
    )
    call = switch.call("bot")
    assert call.wait(5)
    assert call.variables["results"] == "[True, True, True]"


def test_a_callback_that_reaches_the_session_keeps_the_channel_alive(make_switch: MakeSwitch) -> None:
    switch = make_switch(
        """
        def handler(session, args):
            session.answer()
            session.setInputCallback(lambda s, what, dtmf: str(session))
        """
    )
    call = switch.call("bot")
    assert call.wait(5)
    assert call.leaked
    assert any("still referenced" in line for _, line in switch.log)


# -- the tick ------------------------------------------------------------------------------------------------------------


class Sleepy(Clock):
    """Wakes everybody up 5 ms late, as a busy machine does."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds + 0.005 if seconds > 0 else 0)


def test_the_tick_does_not_drift_where_every_sleep_is_late(make_switch: MakeSwitch) -> None:
    call = make_switch(HOLDS, clock=Sleepy()).call("bot")
    until(lambda: call.line.frames >= 50, 5)
    finish(call)
    arrivals = call.line.arrivals
    missed = sum(missing for frame, missing in call.line.gaps if 0 < frame < 50)
    assert arrivals[49] - arrivals[0] == pytest.approx((49 + missed) * 0.02, abs=0.06)


def test_a_clock_faster_than_life_makes_a_faster_call(make_switch: MakeSwitch) -> None:
    clock = Clock(speed=4)
    call = make_switch(HOLDS, clock=clock).call("bot")
    until(lambda: call.line.frames)
    began = SYSTEM.now()
    until(lambda: call.line.frames + sum(missing for _, missing in call.line.gaps) >= 100)
    assert SYSTEM.now() - began < 1.5
    finish(call)


def test_fifty_calls_at_once_end_and_leave_nothing(make_switch: MakeSwitch) -> None:
    switch = make_switch(HOLDS)
    calls = [switch.call("bot") for _ in range(50)]
    until(lambda: all(call.line.frames >= 10 for call in calls), 10)
    assert len(switch.calls) == 50
    for call in calls:
        call.hang_up()
    assert all(call.wait(5) for call in calls)
    assert switch.calls == {}
    assert not any(call.leaked for call in calls)


def test_one_process_has_one_switch(make_switch: MakeSwitch) -> None:
    make_switch()
    with pytest.raises(RuntimeError, match="one switch per process"):
        make_switch()


def test_closing_the_switch_ends_its_calls_and_takes_the_module_away(make_switch: MakeSwitch) -> None:
    switch = make_switch(HOLDS)
    call = switch.call("bot")
    until(lambda: call.line.frames)
    assert switch.close() == []
    assert call.done.is_set()
    assert call.channel.cause == "SYSTEM_SHUTDOWN"
    assert "freeswitch" not in sys.modules
    assert "bot" not in sys.modules
