"""What the dialplan is told of a call."""

from __future__ import annotations

from mock import Mock

from firstword.host.edition import tell_dialplan


def test_the_words_of_a_service_in_an_error_are_no_commands_to_the_dialplan() -> None:
    host = Mock()
    tell_dialplan(host, "error", error="openai llm: HTTP 400: '${system(reboot)}' is not $${allowed}")
    told = dict(call.args for call in host.set_variable.call_args_list)["firstword_error"]
    assert "${" not in told
    assert "system(reboot)" in told
