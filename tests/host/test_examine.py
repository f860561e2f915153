"""What the doctor finds of secrets that the switch writes down."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstword.host import examine
from firstword.host.settings import parse

XML = """<configuration name="firstword.conf">
<tools><tool name="order"><param name="description" value="x"/><param name="url" value="https://shop.example/"/>
<header name="X-Key" value="{key}"/><header name="Accept" value="text/plain"/></tool></tools>
<services>
<service name="ears" does="asr" vendor="aliyun"/><service name="voice" does="tts" vendor="aliyun"/>
<service name="mind" does="llm" vendor="openai"/></services>
<profiles><profile name="p"><param name="asr" value="ears"/><param name="tts" value="voice"/><param name="llm" value="mind"/>
</profile></profiles></configuration>"""


@pytest.mark.parametrize(
    ("key", "ok"), [("in-clear-123", False), ("env:SHOP_KEY", True), ("Bearer env:SHOP_KEY", True)]
)
def test_a_tools_secret_that_everyone_can_read_is_found(
    key: str, ok: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / "freeswitch.xml.fsxml"
    written.write_text(XML.replace("{key}", key))
    monkeypatch.setattr(examine, "readable_by_all", lambda path: True)
    finding = examine._written(written, parse(XML.replace("{key}", key)))
    assert finding.ok == ok and "in-clear" not in finding.text
    assert ok or ("tool 'order': header 'X-Key'" in finding.text and "Accept" not in finding.text)
