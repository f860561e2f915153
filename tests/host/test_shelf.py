"""The services of a configuration are made once, for all its calls."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest
from mock import ANY, Mock, call

from firstword.call.profile import Profile
from firstword.call.tools import Request
from firstword.clock import SYSTEM
from firstword.errors import ConfigError
from firstword.host import shelf as shelves
from firstword.host.settings import General, Settings, parse
from firstword.host.shelf import Shelf
from firstword.options import option, phrases
from firstword.providers import registry
from firstword.speech.llm import ToolCall

XML = """<configuration name="firstword.conf"><services>
<service name="ears" does="asr" vendor="aliyun"><param name="appkey" value="k"/></service>
<service name="voice" does="tts" vendor="aliyun"><param name="appkey" value="env:NO_SUCH_VARIABLE"/></service>
<service name="mind" does="llm" vendor="openai"/>
</services><profiles><profile name="default"><param name="asr" value="ears"/><param name="tts" value="voice"/>
<param name="llm" value="mind"/></profile></profiles></configuration>"""


def test_services_are_made_when_a_call_first_needs_them_shared_and_closed_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = {kind: Mock(reads=frozenset()) for kind in ("asr", "llm", "tts")}
    makers = {kind: Mock(return_value=service) for kind, service in made.items()}
    for kind, maker in makers.items():
        monkeypatch.setattr(registry, f"make_{kind}", maker)
    settings = parse(XML)
    shelf = Shelf(settings, SYSTEM)
    makers["asr"].assert_not_called()
    profile = settings.profile("default")
    one, other = shelf.services(profile), shelf.services(profile)
    assert one.usage is not other.usage, "each call has its own"
    assert [member.service for member in other.asr.members] == [made["asr"]]  # type: ignore[attr-defined]
    makers["asr"].assert_called_once()
    shelf.close()
    shelf.close()
    for service in made.values():
        service.close.assert_called_once()


def test_a_service_that_can_not_be_made_refuses_the_call_and_is_tried_again_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    monkeypatch.setenv("ALIYUN_AK_ID", "id")
    monkeypatch.setenv("ALIYUN_AK_SECRET", "secret")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "key")
    settings = parse(XML)
    shelf = Shelf(settings, SYSTEM)
    profile = settings.profile("default")
    with pytest.raises(
        ConfigError, match="service 'voice': appkey: the environment variable NO_SUCH_VARIABLE is not set"
    ):
        shelf.services(profile)
    monkeypatch.setenv("NO_SUCH_VARIABLE", "k")
    assert shelf.services(profile).tts is not None
    shelf.close()


@dataclass(frozen=True)
class Shop(Profile):
    """A profile with texts of its own that are told as they stand."""

    welcome: str = option("欢迎", help="", spoken=True)
    fillers: tuple[str, ...] = option(("请稍等", "我查一下"), help="", spoken=True)


def settings_of(*profiles: Profile, **general: object) -> Settings:
    services = parse(XML).services
    other = dataclasses.replace(services["voice"], name="other")
    return Settings(
        General(**general),  # type: ignore[arg-type]
        {**services, "other": other},
        {profile.name: profile for profile in profiles},
    )


@pytest.mark.parametrize("warm", [True, False])
def test_a_synthesiser_keeps_the_phrases_of_all_profiles_that_speak_with_it(
    monkeypatch: pytest.MonkeyPatch, warm: bool
) -> None:
    for kind in ("asr", "llm", "tts"):
        monkeypatch.setattr(registry, f"make_{kind}", Mock(return_value=Mock(reads=frozenset())))
    monkeypatch.setattr(shelves, "Kept", kept := Mock(**{"return_value.reads": frozenset()}))
    here = Shop(name="here", asr=("ears",), llm=("mind",), tts=("voice",))
    also = Shop(name="also", asr=("ears",), llm=("mind",), tts=("voice",), welcome="早上好")
    elsewhere = Shop(name="elsewhere", asr=("ears",), llm=("mind",), tts=("other",), welcome="Hello")
    settings = settings_of(here, also, elsewhere, warm_phrases=warm, phrases_mb=2)
    shelf = Shelf(settings, SYSTEM)
    shelf.services(also)
    texts = [*phrases(here), *phrases(also)]
    assert {"欢迎", "请稍等", "我查一下", "早上好"} <= set(texts)
    made = call(registry.make_tts.return_value, texts, bound_bytes=2 << 20, clock=SYSTEM, room=ANY)  # type: ignore[attr-defined]
    assert kept.mock_calls == ([made, call().warm()] if warm else [made])


def test_phrases_are_kept_as_they_are_spoken_by_the_profile_that_says_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("asr", "llm"):
        monkeypatch.setattr(registry, f"make_{kind}", Mock(return_value=Mock(reads=frozenset())))
    monkeypatch.setattr(registry, "make_tts", Mock(return_value=Mock(reads=frozenset())))
    monkeypatch.setattr(shelves, "Kept", kept := Mock(**{"return_value.reads": frozenset()}))
    here = Shop(name="here", asr=("ears",), llm=("mind",), tts=("voice",), welcome="**欢迎**拨打138")
    raw = Shop(name="raw", asr=("ears",), llm=("mind",), tts=("voice",), welcome="**欢迎**", reading=False)
    Shelf(settings_of(here, raw, warm_phrases=False), SYSTEM).services(here)
    texts = kept.call_args.args[1]
    assert "欢迎拨打幺三八" in texts and "**欢迎**" in texts and "**欢迎**拨打138" not in texts


@pytest.mark.parametrize("takes", [True, False])
def test_a_service_that_takes_syllables_is_told_those_of_all_profiles_that_speak_with_it(
    monkeypatch: pytest.MonkeyPatch, takes: bool
) -> None:
    service = Mock(reads=frozenset(("syllables",) if takes else ()))
    service.pronouncing.return_value.reads = service.reads
    for kind in ("asr", "llm"):
        monkeypatch.setattr(registry, f"make_{kind}", Mock(return_value=Mock(reads=frozenset())))
    monkeypatch.setattr(registry, "make_tts", Mock(return_value=service))
    monkeypatch.setattr(shelves, "Kept", kept := Mock(**{"return_value.reads": frozenset()}))
    here = Shop(
        name="here", asr=("ears",), llm=("mind",), tts=("voice",), lexicon=("重庆=chong2 qing4/虫庆",), welcome="重庆"
    )
    also = Shop(name="also", asr=("ears",), llm=("mind",), tts=("voice",), lexicon=("银行=yin2 hang2", "a=b"))
    Shelf(settings_of(here, also, warm_phrases=False), SYSTEM).services(here)
    if takes:
        service.pronouncing.assert_called_once_with({"重庆": "chong2 qing4", "银行": "yin2 hang2"})
        assert kept.call_args.args[0] is service.pronouncing.return_value
    else:
        service.pronouncing.assert_not_called()
        assert "虫庆" in kept.call_args.args[1]


def test_two_profiles_can_not_have_one_service_read_a_word_in_two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("asr", "llm", "tts"):
        monkeypatch.setattr(registry, f"make_{kind}", Mock(return_value=Mock(reads=frozenset())))
    here = Shop(name="here", asr=("ears",), llm=("mind",), tts=("voice",), lexicon=("行=hang2",))
    also = Shop(name="also", asr=("ears",), llm=("mind",), tts=("voice",), lexicon=("行=xing2",))
    with pytest.raises(
        ConfigError, match="profile 'also': lexicon: '行' is 'xing2' here and 'hang2' in another profile"
    ):
        Shelf(settings_of(here, also), SYSTEM).services(here)


def test_a_profiles_tools_are_made_with_their_secrets_once_and_tried_again_if_one_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tools = """<tools><tool name="order"><param name="description" value="查订单"/><param name="url" value="https://shop.example/"/>
<header name="X-Key" value="env:NO_SUCH_VARIABLE"/></tool><tool name="other"><param name="description" value="x"/>
<param name="url" value="https://other.example/"/><header name="X-Key" value="env:NEITHER_THIS"/></tool></tools><profiles>"""
    xml = XML.replace("<profiles>", tools).replace(
        '<profile name="default">', '<profile name="default"><param name="tools" value="order|hang_up"/>'
    )
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    settings = parse(xml)
    shelf = Shelf(settings, SYSTEM)
    profile = settings.profile("default")
    with pytest.raises(ConfigError, match="tool 'order': header 'X-Key': the environment variable NO_SUCH_VARIABLE"):
        shelf.toolbox(profile)
    monkeypatch.setenv("NO_SUCH_VARIABLE", "key-of-the-shop")
    toolbox = shelf.toolbox(profile)
    assert [tool.name for tool in toolbox.tools] == ["order", "hang_up"]
    request = toolbox.judge(ToolCall("c", "order", ""))
    assert isinstance(request, Request) and request.headers == (("X-Key", "key-of-the-shop"),)
    assert shelf.toolbox(profile).judge(ToolCall("c", "order", "")) == request
    shelf.close()


def members_of(monkeypatch: pytest.MonkeyPatch, **most: int) -> tuple[Shelf, Profile]:
    """A shelf of services that do nothing; so many sessions as `most` says of each."""
    for kind in ("asr", "llm", "tts"):
        monkeypatch.setattr(
            registry, f"make_{kind}", Mock(return_value=Mock(rate=8000, backlog_ms=3000, reads=frozenset()))
        )
    monkeypatch.setattr(shelves, "Kept", lambda service, *rest, **more: service)
    text = XML
    for name, number in most.items():
        at = text.index(">", text.index(f'<service name="{name}"'))
        selfclosing = text[at - 1] == "/"
        param = f'<param name="most" value="{number}"/>'
        text = (
            text[: at - 1] + f">{param}</service>" + text[at + 1 :]
            if selfclosing
            else text[: at + 1] + param + text[at + 1 :]
        )
    settings = parse(text)
    return Shelf(settings, SYSTEM), settings.profile("default")


def test_a_recognisers_session_is_held_as_long_as_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, profile = members_of(monkeypatch, ears=1)
    with shelf.enter(profile) as first:
        assert first.busy == ""
        with shelf.enter(profile) as second:
            assert second.busy == "as many sessions as `most` allows are in use at ears"
        assert [text for title, _, text in shelf.standing() if title.startswith("ears")] == [
            "healthy, 1 of 1 sessions, 1 refused"
        ]
    with shelf.enter(profile) as third:
        assert third.busy == ""
        third.leave()
    assert [text.split(",")[1] for _, _, text in shelf.standing()] == [" 0 of 1 sessions", " 0 sessions", " 0 sessions"]
    shelf.close()


def test_a_call_needs_room_for_answers_and_speech_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, profile = members_of(monkeypatch, mind=1, voice=1)
    services = shelf.services(profile)
    seat = services.llm.members[0].limiter.take()  # type: ignore[attr-defined]
    assert shelf.enter(profile).busy == "as many sessions as `most` allows are in use at mind"
    seat.leave()
    services.tts.members[0].limiter.take()  # type: ignore[attr-defined]
    assert shelf.enter(profile).busy == "as many sessions as `most` allows are in use at voice"
    assert [text for title, _, text in shelf.standing() if title.startswith("ears")] == ["healthy, 0 sessions"]
    shelf.close()


def test_a_caller_who_leaves_while_waiting_waits_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, profile = members_of(monkeypatch, ears=1)
    patient = dataclasses.replace(profile, full="wait", full_ms=30_000)
    with shelf.enter(patient):
        began = SYSTEM.now()
        assert shelf.enter(patient, lambda: False).busy
        assert SYSTEM.now() - began < 5
    shelf.close()
