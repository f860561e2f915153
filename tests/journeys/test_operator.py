"""What an operator and the switch's listeners see of a running firstword."""

from __future__ import annotations

import functools
import json
import socket
import threading
from collections.abc import Callable

import pytest

from firstword.host import examine, probe
from firstword.sim.script import Script, WaitFor
from firstword.sim.stage import Place

from .conftest import END, HANG_UP, REPLY, Theatre, say, silence, wait


def ask(theatre: Theatre, command: str) -> str:
    return theatre.stage.switch.api(f"python voicebot {command}")


def at(step: str, do: Callable[[], object]) -> Callable[[str], None]:
    """Does it once, when the caller's script comes to `step`."""
    done = threading.Event()

    def on_step(text: str) -> None:
        if text.startswith(step) and not done.is_set():
            done.set()
            do()

    return on_step


def log_of(theatre: Theatre) -> list[tuple[str, str]]:
    return [(level, line) for level, line in theatre.stage.switch.log if "drain" in line]


def test_a_drain_refuses_new_calls_lets_the_running_one_end_and_says_when_it_has(theatre: Theatre) -> None:
    theatre.gate("好的。").set()
    seen = {}

    def drain() -> None:
        seen["drain"] = ask(theatre, "drain")
        refused = theatre.stage.switch.call("voicebot default")
        assert refused.wait(10)
        seen["refused"] = refused.variables
        seen["answered"] = refused.channel.answered
        seen["again"] = ask(theatre, "drain")
        seen["status"] = ask(theatre, "status").splitlines()[0]

    played = theatre.stage.play(Script((silence(), say("谢谢，再见"), END), byte_ms=20), on_step=at("say", drain))
    assert played.result == "completed"
    assert seen["drain"] == seen["again"] == "+OK draining, 1 calls left\n"
    assert seen["status"].endswith(": draining, 1 calls left")
    assert seen["refused"]["firstword_result"] == "busy"
    assert seen["refused"]["firstword_error"] == "no new calls are taken: the operator has said drain"
    assert not seen["answered"]
    assert ask(theatre, "drain") == "+OK drained: no calls are left, new ones are refused\n"
    assert [level for level, _ in log_of(theatre)] == ["notice", "notice", "notice"]
    assert log_of(theatre)[-1][1].endswith("drained: the last call has ended")
    assert ask(theatre, "drain off") == "+OK takes calls\n"
    assert theatre.play(silence(), HANG_UP).result == "hangup"


def test_a_drain_stays_in_force_through_a_reload(theatre: Theatre) -> None:
    theatre.gate().set()
    ask(theatre, "drain")
    assert ask(theatre, "reload").startswith("+OK")
    assert theatre.play(END).result == "busy"


def test_more_calls_than_max_calls_are_busy_and_the_next_is_taken_when_one_has_ended(theatre: Theatre) -> None:
    theatre.gate().set(settings={"max_calls": 1})
    second = []

    def call() -> None:
        second.append(theatre.stage.switch.call("voicebot default"))
        assert second[0].wait(10)

    assert theatre.stage.play(Script((silence(), HANG_UP), byte_ms=20), on_step=at("hang_up", call)).result == "hangup"
    assert second[0].variables["firstword_result"] == "busy"
    assert second[0].variables["firstword_error"] == "1 calls are in progress, and max-calls is 1"
    assert theatre.play(silence(), HANG_UP).result == "hangup"
    assert "0 now of at most 1, 2 finished, 0 failed, 1 refused" in ask(theatre, "status")


def test_a_call_is_found_by_the_beginning_of_its_uuid_and_its_turns_are_legible(theatre: Theatre) -> None:
    theatre.gate("好的，" + "一二三四五六七八九十" * 5, "一共三件。", tokens_per_s=100).set()
    seen = {}

    def look() -> None:
        uuid = next(iter(theatre.stage.switch.calls))
        seen["call"] = ask(theatre, f"call {uuid[:3]}")
        seen["nobody"] = ask(theatre, f"call {uuid[:5]}x")
        seen["calls"] = ask(theatre, "calls")

    script = Script((silence(), say("讲故事"), REPLY, wait(1.0), say("几件货"), silence(), HANG_UP), byte_ms=20)
    played = theatre.stage.play(script, on_step=at("hang_up", look))
    first = played.record["turns"][0]
    text = seen["call"]
    assert f"caller  {first['caller']}\n" in text
    assert f"reply   {first['reply']}\n" in text
    assert f"heard   {first['heard']}  -- interrupted after {first['barge_in_ms']:.0f} ms of his voice\n" in text
    assert f"first word {first['ms']['first_word']:.0f}\n" in text
    assert "bot     您好\n" in text
    assert seen["nobody"].startswith("-ERR there is no call") and "did you mean" in seen["nobody"]
    line = seen["calls"].splitlines()[1].split()
    words = [turn["ms"]["first_word"] for turn in played.record["turns"]]
    assert line[1:4] == ["default", "listening", "2"]
    assert line[4:7] == [f"{words[-1]:.0f},", "median", f"{round(sum(words) / 2, 1):.0f}"]  # it is kept in tenths


def test_levels_tell_a_caller_who_speaks_from_one_who_is_silent(theatre: Theatre) -> None:
    theatre.gate("好的。").set()
    seen: list[str] = []

    def on_step(text: str) -> None:
        if text.startswith(("wait:", "hang_up")):
            seen.append(ask(theatre, "levels").splitlines()[1])

    script = Script((silence(), say("一二三四五六七八九十"), wait(0.1), silence(), wait(1.5), HANG_UP), byte_ms=20)
    theatre.stage.play(script, on_step=on_step)
    speaking, _, quiet = seen
    assert "  ok, " in speaking
    rms, peak = map(float, speaking.split()[2:4])
    assert -40 < rms < peak < -3
    assert "  silent, " in quiet
    assert "s of speech so far" in quiet


def test_each_turn_and_the_call_are_told_to_the_switchs_listeners(theatre: Theatre) -> None:
    theatre.gate("好的，\n" + "一二三四五六七八九十" * 5, "一共三件。", tokens_per_s=100).set()
    played = theatre.play(silence(), say("讲故事"), REPLY, wait(1.0), say("几件货"), silence(), HANG_UP)
    events = list(theatre.stage.switch.events)
    assert [name for name, _ in events] == ["firstword::turn", "firstword::turn", "firstword::call"]
    assert {fields["Unique-ID"] for _, fields in events} == {played.call.uuid}
    turns = played.record["turns"]
    for (_, fields), turn in zip(events, turns, strict=False):
        assert fields["Firstword-Profile"] == "default"
        assert fields["Firstword-Turn"] == str(turn["n"])
        for name in ("caller", "reply", "heard"):
            assert fields[f"Firstword-{name.title()}"] == turn[name]
        assert fields["Firstword-Interrupted"] == str(turn["interrupted"]).lower()
        assert fields["Firstword-First-Word-Ms"] == str(turn["ms"]["first_word"])
        body = json.loads(fields["_body"])
        assert body == {"call": played.call.uuid, "profile": "default", **turn}
    assert [turn["interrupted"] for turn in turns] == [True, False]
    assert "Firstword-Barge-In-Ms" in events[0][1] and "Firstword-Barge-In-Ms" not in events[1][1]
    over = events[-1][1]
    assert (over["Firstword-Result"], over["Firstword-Ended-By"], over["Firstword-Turns"]) == ("hangup", "caller", "2")
    assert over["Firstword-Underruns"] == str(played.record["audio"]["underruns"])
    assert float(over["Firstword-Lasted-Ms"]) > 3000
    assert json.loads(over["_body"]) == played.record


def test_a_turn_whose_words_come_again_in_the_next_is_told_once(theatre: Theatre) -> None:
    theatre.gate("好的。", "一共三件。", first_token_ms=1500).set()
    played = theatre.play(silence(), say("查一下订单"), wait(1.2), say("还有发票"), silence(), silence(), HANG_UP)
    told = [
        json.loads(fields["_body"])["caller"]
        for name, fields in theatre.stage.switch.events
        if name == "firstword::turn"
    ]
    assert told == [turn["caller"] for turn in played.record["turns"]]
    assert len(told) == len(set(told))


def test_a_call_that_could_not_begin_is_told_too(theatre: Theatre) -> None:
    theatre.gate().set()
    assert theatre.stage.switch.call("voicebot slaes").wait(10)
    ((name, fields),) = theatre.stage.switch.events
    assert (name, fields["Firstword-Result"], fields["Firstword-Profile"]) == ("firstword::call", "error", "slaes")
    assert fields["Firstword-Error"] == "there is no profile 'slaes'"
    assert "Firstword-Lasted-Ms" not in fields or fields["Firstword-Lasted-Ms"] == "0.0"


def test_a_listener_that_can_not_be_told_does_not_break_the_call(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    theatre.gate("好的。").set()

    def refuse(subclass: str, headers: dict[str, str]) -> None:
        raise RuntimeError("the queue of events is full")

    monkeypatch.setattr(theatre.stage.switch, "fire", refuse)
    played = theatre.play(silence(), say("查"), silence(), say("谢谢，再见"), END)
    assert (played.result, played.error) == ("completed", "")
    assert any("firstword::turn could not be sent" in line for _, line in theatre.stage.switch.log)


def test_the_doctor_finds_everything_in_order(theatre: Theatre) -> None:
    theatre.gate().set()
    answer = ask(theatre, "doctor")
    lines = answer.splitlines()
    passing = ("clock", "media clock", "code")  # a busy machine's, and a developer's who is writing just now
    assert [line for line in lines if line.startswith("FAIL") and line[6:32].strip() not in passing] == []
    found = "\n".join(lines)
    for what in ("mod_sndfile", "codecs", "folder of the pipes", "records", "service 'asr'", "service 'tts'"):
        assert f"ok    {what}" in found


def test_the_doctor_says_what_to_do_and_shows_no_secret(theatre: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    theatre.gate()
    place = Place.of(theatre.gateway)
    secret = "NotTheSecret0123456789"
    theatre.set(tts={"access_key_secret": secret})
    theatre.stage.switch.modules.remove("mod_tone_stream")
    (theatre.folder / "run" / "firstword").chmod(0o755)
    (theatre.folder / "log" / "firstword.jsonl").touch(0o644)
    (theatre.folder / "log" / "firstword.jsonl").chmod(0o644)
    expanded = theatre.folder / "log" / "freeswitch.xml.fsxml"
    expanded.write_text(theatre.stage.switch.configuration)
    monkeypatch.setattr(examine, "readable_by_all", lambda path: path == expanded)
    theatre.stage.switch.configuration += " "
    theatre.stage.switch.configuration = theatre.stage.switch.configuration.replace("您好", "早上好")
    answer = ask(theatre, "doctor")
    failed = {line[6:32].strip(): line[33:] for line in answer.splitlines() if line.startswith("FAIL")}
    assert answer.splitlines()[-1].startswith(f"-ERR {len(failed)} of ")
    for what in ("clock", "media clock", "code"):  # a busy machine's, and a developer's who is writing just now
        failed.pop(what, None)
    assert set(failed) == {
        "mod_tone_stream",
        "folder of the pipes",
        "records",
        "secrets",
        "configuration",
        "service 'tts'",
    }
    assert 'say "load mod_tone_stream" in fs_cli' in failed["mod_tone_stream"]
    assert "0755" in failed["folder of the pipes"] and "chmod 700" in failed["folder of the pipes"]
    assert failed["records"].endswith("chmod 640")
    assert f"{expanded}, which everyone can read, holds " in failed["secrets"]
    assert "service 'tts': 'access_key_secret'" in failed["secrets"] and "service 'llm': 'api_key'" in failed["secrets"]
    assert failed["secrets"].endswith(f" in clear: chmod o-rwx {expanded.parent}, or take env:NAME or file:PATH")
    assert failed["configuration"].endswith("say reload")
    for hidden in (secret, place.access_key_secret, place.api_key):
        assert hidden not in answer


def test_a_service_that_never_answers_costs_the_doctor_its_bound_and_no_more(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert probe.SERVICE_S == 5  # so says docs/operating.md; here it is one, which takes less time
    monkeypatch.setattr(probe, "services", functools.partial(probe.services, seconds=1.0))
    theatre.gate().set()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        xml = theatre.stage.switch.configuration
        theatre.stage.switch.configuration = xml.replace(
            Place.of(theatre.gateway).chat_url, f"http://127.0.0.1:{port}/v1"
        )
        assert ask(theatre, "reload").startswith("+OK")
        began = theatre.clock.now()
        answer = ask(theatre, "doctor")
        assert theatre.clock.now() - began < 8 * theatre.clock.speed
    assert "FAIL  service 'llm'              openai llm did not answer within 1 s" in answer


def test_words_are_waited_for(theatre: Theatre) -> None:
    theatre.gate("echo").set()
    played = theatre.stage.play(
        Script((silence(), WaitFor("words", "请稍等"), HANG_UP), byte_ms=20),
        on_step=at("wait_for: words", lambda: ask(theatre, f"say {next(iter(theatre.stage.switch.calls))[:8]} 请稍等")),
    )
    assert played.conversation.failure == ""
