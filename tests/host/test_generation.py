"""A configuration lives as long as its calls."""

from __future__ import annotations

import pytest
from mock import Mock

from firstword.clock import SYSTEM
from firstword.errors import ConfigError
from firstword.host.generation import Generation
from firstword.host.settings import parse
from firstword.providers import registry

XML = """<configuration name="firstword.conf"><services>
<service name="ears" does="asr" vendor="aliyun"><param name="appkey" value="k"/></service>
<service name="voice" does="tts" vendor="aliyun"><param name="appkey" value="env:NO_SUCH_VARIABLE"/></service>
<service name="mind" does="llm" vendor="openai"/>
</services><profiles><profile name="default"><param name="asr" value="ears"/><param name="tts" value="voice"/>
<param name="llm" value="mind"/></profile></profiles></configuration>"""


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mock]:
    made = {kind: Mock() for kind in ("asr", "llm", "tts")}
    for kind, service in made.items():
        monkeypatch.setattr(registry, f"make_{kind}", Mock(return_value=service))
    return made


def test_services_are_made_once_and_closed_when_the_last_call_of_a_retired_configuration_ends(
    services: dict[str, Mock],
) -> None:
    generation = Generation(parse(XML), SYSTEM)
    profile = generation.settings.profile("default")
    assert generation.enter(profile) == generation.enter(profile)
    registry.make_asr.assert_called_once()  # type: ignore[attr-defined]
    generation.leave()
    generation.retire()
    services["asr"].close.assert_not_called()
    generation.leave()
    for service in services.values():
        service.close.assert_called_once()


def test_a_service_that_can_not_be_made_refuses_the_call_and_is_tried_again_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    monkeypatch.setenv("ALIYUN_AK_ID", "id")
    monkeypatch.setenv("ALIYUN_AK_SECRET", "secret")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "key")
    generation = Generation(parse(XML), SYSTEM)
    profile = generation.settings.profile("default")
    with pytest.raises(
        ConfigError, match="service 'voice': appkey: the environment variable NO_SUCH_VARIABLE is not set"
    ):
        generation.enter(profile)
    monkeypatch.setenv("NO_SUCH_VARIABLE", "k")
    assert generation.enter(profile).tts is not None
    generation.retire()
    generation.leave()
