from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from firstword.errors import ConfigError
from firstword.providers import registry
from firstword.providers.registry import VENDORS, make_asr, make_llm, make_tts, settings_class

ACCOUNT = {"appkey": "a", "token": "t"}


def test_each_kind_is_made_by_its_vendors_name() -> None:
    asr = make_asr("aliyun", {**ACCOUNT, "sample_rate": "16000"}, "test")
    tts = make_tts("aliyun", {**ACCOUNT, "sample_rate": "24000"}, "test")
    llm = make_llm("openai", {"api_key": "", "model": "qwen2.5"}, "test")
    assert (asr.name, asr.rate, tts.name, tts.rate, llm.name) == (
        "aliyun asr",
        16000,
        "aliyun tts",
        24000,
        "openai qwen2.5",
    )
    for service in (asr, tts, llm):
        service.close()
        service.close()


def test_an_unknown_vendor_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(
        ConfigError, match=r'profile "x": no vendor \'alyun\' for asr \(did you mean \'aliyun\'\?\); known: aliyun'
    ):
        make_asr("alyun", {}, 'profile "x"')


def test_every_setting_of_every_vendor_has_help_and_no_secret_is_shown() -> None:
    for kind, vendors in VENDORS.items():
        for vendor in vendors:
            section = settings_class(kind, vendor)
            for field in dataclasses.fields(section):
                assert field.metadata["help"], (vendor, field.name)
                assert field.default is not dataclasses.MISSING, (vendor, field.name)
            assert section.__doc__


def test_secrets_come_from_the_environment_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NLS_APPKEY", "from-env")
    monkeypatch.setenv("ALIYUN_AK_ID", "id")
    monkeypatch.setenv("ALIYUN_AK_SECRET", "secret-from-env")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-from-env")
    asr = make_asr("aliyun", {}, "test")
    llm = make_llm("openai", {}, "test")
    assert "from-env" not in repr(asr._settings) + repr(llm.settings)  # type: ignore[attr-defined]
    assert asr._settings.appkey == "from-env" and llm.settings.api_key == "sk-from-env"  # type: ignore[attr-defined]
    asr.close()
    llm.close()


def test_a_vendor_is_imported_only_when_it_is_asked_for() -> None:
    code = (
        "import sys, firstword.providers.registry as r; "
        "assert not any('aliyun' in m or 'openai' in m or m in ('requests', 'websocket') for m in sys.modules); "
        "r.settings_class('llm', 'openai'); assert not any('aliyun' in m for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    assert registry.settings_class("asr", "aliyun").__name__ == "TranscriberSettings"
