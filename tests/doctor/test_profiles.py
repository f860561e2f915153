"""``firstword doctor --config``: what else a call needs than services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from firstword import cli
from firstword.gateway.server import Gateway
from firstword.sim.stage import Place, configuration

TOOL = """<tools><tool name="order"><param name="description" value="d"/><param name="url" value="https://shop.example/"/>
<header name="Authorization" value="Bearer env:SHOP_TOKEN"/></tool></tools><profiles>"""


@pytest.fixture
def place() -> Iterator[Place]:
    with Gateway() as gateway:
        yield Place.of(gateway)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"vad": "sileroo"}, "vad 'sileroo' is none of silero, webrtc, level (did you mean 'silero'?)"),
        ({"tools": "order"}, "tool 'order': header 'Authorization': the environment variable SHOP_TOKEN is not set"),
    ],
)
def test_a_profile_that_no_call_could_be_had_with_is_found_outside_of_the_switch_too(
    place: Place, settings: dict[str, str], line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "firstword.conf.xml"
    config.write_text(configuration(place, settings).replace("<profiles>", TOOL), encoding="utf-8")
    assert cli.main(["doctor", "--config", str(config)]) == 1
    wrong = [shown for shown in capsys.readouterr().out.splitlines() if shown.startswith("FAIL")]
    assert [shown.split(maxsplit=3)[3] for shown in wrong] == [line]


def test_a_profile_that_has_all_it_needs_is_said_to(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s")
    config = tmp_path / "firstword.conf.xml"
    config.write_text(configuration(place, {"tools": "order"}).replace("<profiles>", TOOL), encoding="utf-8")
    cli.main(["doctor", "--config", str(config)])
    assert "profile 'default'          has its judge of speech and its tools\n" in capsys.readouterr().out
