"""Recorded sessions, cut at every byte and changed: a client goes on, or ends with an error that names its service. Nothing hangs,
nothing is raised where nobody catches it, no thread and no descriptor stays.

``FIRSTWORD_EXAMPLES=500 pytest tests/providers/test_replay.py`` looks harder, and elsewhere each time.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from firstword.errors import ProviderError
from firstword.net.line import Line
from firstword.speech.asr import Transcript
from net.loopback import Loopback

from .replay import (
    CHANGES,
    CLIENTS,
    Client,
    Player,
    Step,
    changed,
    cut_after_message,
    cut_at_byte,
    reads_of,
    total_bytes,
    trickling,
)

EXAMPLES = int(os.environ.get("FIRSTWORD_EXAMPLES", "0"))
OVER_S = 3.0
"""Every bound of the clients is 150 ms here; a machine that is busy may take its time."""

by_name = pytest.mark.parametrize("client", CLIENTS, ids=str)


class Doors(logging.Handler):
    """What our own doors caught: nothing should come to one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.caught: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.caught.append(self.format(record))


@contextmanager
def stage(client: Client) -> Iterator[tuple[Player, Any]]:
    """A peer that plays what it is told, and the service; watched for what nobody catches."""
    doors, player = Doors(), Player()
    before, threading.excepthook = threading.excepthook, lambda args: doors.caught.append(repr(args.exc_value))
    logging.getLogger("firstword").addHandler(doors)
    try:
        with Loopback(player) as server:
            service = client.service(server)
            yield player, service
            service.close()
    finally:
        logging.getLogger("firstword").removeHandler(doors)
        threading.excepthook = before
    assert not doors.caught, doors.caught[0]


def played(client: Client, player: Player, service: Any, steps: list[Step], drops: bool = False) -> list[Any]:
    """What the client told, once it has ended; an error is its provider's."""
    player.steps, player.drops = steps, drops
    watch, _ = client.drive(service)
    assert watch.over.wait(OVER_S), f"no end; it told {watch.names()[-5:]}"
    watch.judge()
    name, args = watch.events[-1]
    if name == "failed":
        error: ProviderError = args[0]
        assert error.provider == client.name and str(error).startswith(client.name), error
        assert "\n" not in str(error) and len(str(error)) < 600
        assert not any(secret in str(error) for secret in client.values.values() if len(secret) > 8)
    return [(name, b"".join(args)) if name == "audio" else (name, args) for name, args in watch.events]


def story(events: list[Any]) -> list[Any]:
    """What was told, with audio that came in other pieces joined; of transcripts the words, for times may be those of what was sent."""

    def words(args: Any) -> Any:
        return [(one.index, one.text) if isinstance(one, Transcript) else str(one) for one in args]

    audio = b"".join(args for name, args in events if name == "audio")
    return [audio, *((name, words(args)) for name, args in events if name != "audio")]


@by_name
def test_a_recorded_session_is_told_the_same_however_the_network_cuts_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage(client) as (player, service):
        whole = played(client, player, service, client.steps())
        assert whole[-1][0] == "finished"
        for size in (1, 2, 3, 7, 61):
            with monkeypatch.context() as patch:
                patch.setattr(Line, "receive", reads_of(size))
                assert story(played(client, player, service, client.steps())) == story(whole), size


@by_name
def test_a_session_that_is_cut_off_at_any_message_or_byte_ends_in_one_error(client: Client) -> None:
    steps = client.steps()
    messages = sum(not step.until for step in steps)
    size = total_bytes(steps)
    by_message = [cut_after_message(steps, number) for number in range(messages)]
    by_byte = [cut_at_byte(steps, at) for at in range(1, size, max(1, size // 16))]
    with stage(client) as (player, service):
        for cuts in (by_message, by_byte):
            ends = [played(client, player, service, cut, drops=True)[-1][0] for cut in cuts]
            # Some have all they need before the last message: a model's finish_reason, the end of the only response.
            assert ends[0] == "failed" and ends == sorted(ends) and set(ends) <= {"failed", "finished"}


@pytest.mark.parametrize("with_audio", [True, False], ids=["a sample", "words"])
@pytest.mark.parametrize("client", [one for one in CLIENTS if one.does in ("tts", "phrase")], ids=str)
def test_a_synthesis_that_only_trickles_on_is_given_up(client: Client, with_audio: bool) -> None:
    with stage(client) as (player, service):
        events = played(client, player, service, trickling(client.steps(), with_audio))
    assert events[-1][0] == "failed" and "audio" in [name for name, _ in events]


CHANGE = st.tuples(st.sampled_from(CHANGES), st.integers(0, 40), st.integers(0, 2000), st.integers(0, 5000))


@by_name
def test_a_session_that_was_changed_goes_on_or_ends_in_one_error(client: Client) -> None:
    steps = client.steps()
    with stage(client) as (player, service):

        @settings(
            max_examples=EXAMPLES or 12,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            phases=(
                Phase.explicit,
                Phase.generate,
            ),  # a hang costs seconds: it is not made smaller, it is small already
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(CHANGE, min_size=1, max_size=3), st.booleans())
        @example([("leaf", 0, 3, 4)], False)
        @example([("leaf", 3, 8, 6)], False)
        @example([("utf8", 1, 40, 0)], False)
        @example([("nested", 1, 60, 4999)], False)
        @example([("opcode", 1, 9, 0)], False)
        @example([("fin", 1, 0, 0)], False)
        @example([("twice", 0, 0, 0), ("drop", 4, 0, 0), ("drop", 4, 0, 0)], False)  # ready twice, and no end
        @example([("twice", 1, 0, 0), ("drop", 8, 0, 0), ("drop", 7, 0, 0)], False)
        @example([("swap", 0, 21, 0)], False)  # a task that is completed before it has begun
        def tell(changes: list[Any], drops: bool) -> None:
            played(client, player, service, changed(steps, changes), drops)

        tell()
