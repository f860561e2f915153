"""``firstword gateway`` as a process."""

from __future__ import annotations

import argparse
import json
import signal
import stat
import subprocess
import sys
import time

import pytest
from nls_client import NlsClient

from firstword.errors import ConfigError, ScriptError
from firstword.gateway import command

MAIN = (
    "import argparse, sys; from firstword.gateway import command; p = argparse.ArgumentParser(); command.register(p); "
    "sys.exit(command.run(p.parse_args()))"
)


def parsed(*flags):
    parser = argparse.ArgumentParser()
    command.register(parser)
    return parser.parse_args(flags)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_serves_and_ends_clean(tmp_path, end):
    path = tmp_path / "at.json"
    journal = tmp_path / "journal.jsonl"
    flags = ["--json", str(path), "--verbose", "--fault", "tts:failed=40000005,times=1", "--journal", str(journal)]
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = ""
        while "listening on" not in line:
            line = process.stdout.readline()
            assert line, process.stderr.read()
        at = argparse.Namespace(**json.loads(path.read_text()))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        at.token = lambda: ""
        with pytest.raises(Exception, match="403"):
            NlsClient(at)
        process.send_signal(end)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert err == ""
    assert "served: 1 nls" in out
    (entry,) = map(json.loads, journal.read_text().splitlines())
    assert (entry["service"], entry["ended"], entry["sounds"]) == ("nls", "HTTP 403", [])
    assert entry["closed"] >= entry["opened"]


def test_the_configuration_to_use_is_printed_with_the_addresses(capsys):
    assert command.run(parsed("--print-config")) == 0
    printed = capsys.readouterr().out
    for name in ("ws://127.0.0.1:", "http://127.0.0.1:", "appkey", "access-key-secret", "base-url", "api-key"):
        assert name in printed


def test_secrets_of_the_operators_own_are_not_printed(capsys, monkeypatch):
    monkeypatch.setenv("MINE", "sk-very-own")
    assert command.run(parsed("--print-config", "--api-key", "env:MINE")) == 0
    assert "sk-very-own" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "error", "says"),
    [
        (["--voice", "tune"], ConfigError, "'voice' takes one of tone.*|voice takes one of tone"),
        (["--port", "70000"], ConfigError, "port takes 0 to 65535"),
        (["--tokens-per-s", "fast"], ConfigError, "tokens_per_s takes a number"),
        (["--fault", "tts:explode"], ConfigError, "no fault 'explode'"),
        (["--first-token-ms", "-5"], ConfigError, "^options: first_token_ms takes 0 or more, not -5"),
        (["--script", "/nowhere.yaml"], ScriptError, "^/nowhere.yaml can not be read: No such file or directory$"),
        (["--json", "/nowhere/at.json"], ConfigError, "--json /nowhere/at.json"),
        (["--host", "0.0.0.0"], ConfigError, "of your own"),
    ],
)
def test_a_setting_that_can_not_be_used_is_one_clear_error(flags, error, says):
    with pytest.raises(error, match=says):
        command.run(parsed(*flags))


def test_the_help_names_every_setting(capsys):
    with pytest.raises(SystemExit):
        parsed("--help")
    text = capsys.readouterr().out
    for name in ("--first-token-ms", "--real-time-factor", "--split", "--fault", "--script", "--voice"):
        assert name in text
    assert "sk-firstword-local" not in text


def test_the_time_it_takes_to_come_up_is_short():
    began = time.monotonic()
    assert command.run(parsed("--print-config")) == 0
    assert time.monotonic() - began < 3
