"""Every way of cutting a text into tokens, for the tests of what streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

PIECES_OF_MARKUP = [
    *"您好，。！？abc 的T:;\"'()（）[]【】<>*_~`#|-+=.!?$\\{}&^%@/0123456789\n\r\t\u200b\ufe0f😀→ツ…—“”",
    "**",
    "```",
    "```python\n",
    "\n\n",
    "\n- ",
    "\n1. ",
    "\n2. ",
    "\n# ",
    "\n> ",
    "\n---\n",
    "|a|b|\n",
    "|--|--|\n",
    "[a](b)",
    "![a](b)",
    "[1]",
    "【3†source】",
    "</think>",
    "<think>",
    "<b>",
    "<br>",
    "&amp;",
    "$x^2$",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "\\frac{1}{2}",
    "（笑）",
    "(^_^)",
    "*smiles*",
    "https://a.com/x_y",
    "重庆",
    "CEO",
    "138",
    "3.5",
    '{"name": "x"}',
    "<|im_end|>",
    "~~",
    "snake_case",
    "$5",
    "\\times",
    "1️⃣",
    "①",
]

texts = st.lists(st.sampled_from(PIECES_OF_MARKUP), max_size=40).map("".join)
"""Texts made of markup, halves of markup, and what only looks like it."""


@st.composite
def cut(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text, and tokens that make it up."""
    text = draw(texts)
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    return text, [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


def streamed(make: Callable[[], Any], parts: list[Any]) -> list[Any]:
    """What a stage gives for `parts`, one after the other, and at its end."""
    stage = make()
    given = [one for part in parts for one in stage.feed(part)]
    return given + stage.finish()
