from __future__ import annotations

import pytest

from firstword.net.redact import redact


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Incorrect API key provided: sk-0123456789abcdef.", "Incorrect API key provided: ***."),
        (
            "Meta:ACCESS_DENIED:The token 'FAKETOKEN0123456789' is invalid!",
            "Meta:ACCESS_DENIED:The token '***' is invalid!",
        ),
        ("Authorization: Bearer abcdef.ghi-jkl", "Authorization: ***"),
        ("wss://host/ws/v1?token=abcdef0123&x=1", "wss://host/ws/v1?token=***&x=1"),
        ("key LTAI4FakeFakeFake refused", "key *** refused"),
        ("two\n  lines\tand more", "two lines and more"),
        ("the secret is hunter22", "the secret is ***"),
        ("nothing to hide: task-oriented, risk-assessment", "nothing to hide: task-oriented, risk-assessment"),
    ],
)
def test_what_looks_like_a_key_is_starred_and_the_rest_is_kept(text: str, clean: str) -> None:
    assert redact(text, ("hunter22", "", "x")) == clean


def test_a_long_text_is_cut() -> None:
    assert redact("y" * 1000, limit=20) == "y" * 19 + "…"
