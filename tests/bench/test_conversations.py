"""The set of annotated callers, and what is said of a file that is none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from firstword.bench import conversations
from firstword.errors import ConfigError, ScriptError
from firstword.gateway.minds import ScriptedMind
from firstword.sim.script import Backchannel, MakeNoise, Say, SayInParts

SET = conversations.read(conversations.find())
KINDS = (
    "pauses",
    "dictation",
    "backchannel",
    "correction",
    "overlap",
    "interruption",
    "noise",
    "echo",
    "yesno",
    "thinking",
)


def test_every_third_by_name_is_held_out() -> None:
    assert [one.held_out for one in SET] == [number % 3 == 2 for number in range(len(SET))]


def test_there_are_enough_of_each_kind_in_both_parts_and_both_languages() -> None:
    assert len(SET) >= 75
    count = Counter((tag, one.held_out) for one in SET for tag in one.tags)
    assert count["en", False] + count["en", True] >= 15
    for kind in (*KINDS, "zh", "en"):
        assert count[kind, False] >= 3, kind
        assert count[kind, True] >= 1, kind


def test_each_is_in_one_language_and_named_after_its_kind() -> None:
    for one in SET:
        assert len(one.tags & {"zh", "en"}) == 1, one.name
        assert one.name.split("_")[0] in one.tags, one.name
        assert ("en" in one.tags) == ("_en_" in one.name or one.name.endswith("_en")), one.name


def test_all_have_the_pace_of_the_gateway_and_a_model_that_it_can_read() -> None:
    assert {one.script.byte_ms for one in SET} == {60}
    for one in SET:
        assert all(getattr(step, "byte_ms", 60) == 60 for step in one.script.steps), one.name
        ScriptedMind(**one.model)
        assert one.answers(), one.name


def test_a_tag_says_what_the_caller_does() -> None:
    for one in SET:
        steps = one.script.steps
        assert ("backchannel" in one.tags) == any(isinstance(step, Backchannel) for step in steps), one.name
        assert ("echo" in one.tags) == (one.script.echo is not None), one.name
        parts = [step for step in steps if isinstance(step, SayInParts)]
        noise = any(isinstance(step, MakeNoise) for step in steps) or one.script.line_noise is not None
        noise = noise or any(
            not isinstance(part, str) and hasattr(part, "dbfs") for step in parts for part in step.parts
        )
        assert ("noise" in one.tags) == noise, one.name
        if one.tags & {"pauses", "dictation", "thinking"}:
            assert parts, one.name
        assert any(isinstance(step, Say | SayInParts) for step in steps), one.name


def test_no_caller_says_goodbye() -> None:
    """The bot would close the call, and there is no turn to answer."""
    for one in SET:
        said = [step.text for step in one.script.steps if isinstance(step, Say)]
        assert not [text for text in said if "再见" in text or "bye" in text], one.name


GOOD = "about: {tags: [a], model: [b]}\nsteps: [hang_up]\n"


def write(folder: Path, text: str) -> Path:
    (folder / "one.yaml").write_text(text)
    return folder


def test_what_is_said_beside_the_steps_is_read(tmp_path: Path) -> None:
    model = "{match: [{when: x, text: y}], otherwise: z}"
    text = f"about: {{tags: [a], held_out: true, greeting: 您好, model: {model}}}\nsteps: [hang_up]\n"
    (one,) = conversations.read(write(tmp_path, text))
    assert (one.name, one.tags, one.held_out, one.greeting) == ("one", {"a"}, True, "您好")
    assert one.answers() == ["y", "z"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("tags: [a]", "tag: [a]", "unknown setting of about 'tag' (did you mean 'tags'?)"),
        ("tags: [a]", "tags: a", "tags takes a list of words, not 'a'"),
        ("tags: [a]", "held_out: maybe", "held_out takes true or false, not 'maybe'"),
        ("model: [b]", "greeting: b", "model takes a list of replies"),
        ("model: [b]", "model: b", "model takes a list of replies"),
        ("[hang_up]", "[hang]", "unknown step 'hang'"),
    ],
)
def test_what_is_wrong_is_one_clear_line_with_the_file(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(ScriptError) as error:
        conversations.read(write(tmp_path, GOOD.replace(old, new)))
    assert complaint in str(error.value)
    assert str(tmp_path / "one.yaml") in str(error.value)


def test_a_folder_without_conversations_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=rf"no conversations \(\*\.yaml\) in {tmp_path}"):
        conversations.read(tmp_path)
    monkeypatch.setattr(conversations, "PLACES", (tmp_path / "a", tmp_path / "b"))
    with pytest.raises(ConfigError, match=rf"no conversations in {tmp_path}/a or {tmp_path}/b; .* --set"):
        conversations.find()
