from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("key=pa%2Bss%2Fword%3D&x=1", "key=***&x=1"),
        ('{"key": "pa+ss\\/word="}', '{"key": "***"}'),
        ("nothing to hide: task-oriented, risk-assessment", "nothing to hide: task-oriented, risk-assessment"),
    ],
)
def test_what_looks_like_a_key_is_starred_and_the_rest_is_kept(text: str, clean: str) -> None:
    assert redact(text, ("hunter22", "pa+ss/word=", "", "x")) == clean


@pytest.mark.parametrize("close", ["", "…", ")", '…")', "' ]"])
def test_a_secret_that_was_cut_is_none_the_less_one(close: str) -> None:
    for size in range(6, 16):
        cut = f"closed (code 4001: {'0123456789abcdef'[:size]}{close}"
        assert redact(cut, ("0123456789abcdef",)) == f"closed (code 4001: ***{close}"
    assert redact("01234 and 012345 are words", ("0123456789abcdef",)) == "01234 and 012345 are words"


@given(st.text("cd", max_size=40), st.text("ab", min_size=8, max_size=20), st.integers(1, 60))
def test_in_two_steps_as_in_one_nothing_of_a_secret_is_left_by_a_cut(before: str, secret: str, limit: int) -> None:
    """The first does not know it, and cuts."""
    told = redact(f"({redact(f'{before}-{secret}', limit=limit)})", (secret,))
    assert not any(secret[:size] in told.rpartition("-")[2] for size in range(6, len(secret)))


def test_a_long_text_is_cut() -> None:
    assert redact("y" * 1000, limit=20) == "y" * 19 + "…"
