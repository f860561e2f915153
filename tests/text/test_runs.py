"""Where a run ends, and how soon that is known."""

from __future__ import annotations

import pytest

from firstword.text.runs import LONGEST, Run

ENDS = {
    "138": "138", "138元": "138", "1,000, and": "1,000", "3.5.": "3.5", "3。": "3", "3-5天": "3-5",
    "138 1234 5678 号": "138 1234 5678", "5 kg重": "5 kg", "5 个": "5",
    "2 = 1 + 1 吗": "2 = 1 + 1", "10 - x": "10", "14:30,": "14:30", "3: no": "3", "p.m. now": "p.m.",
    "end. Then": "end", "end.Then": "end", "U.S.A. is": "U.S.A.",
    "(010) 64035547": "(010) 64035547", "(22) birds": "(22", "401(k) plan": "401(k)", "don't go": "don't",
    "www.a.com/b?c=1, ok": "www.a.com/b?c=1",
    "https://a.com/b.": "https://a.com/b", "June 20, 2014 was": "June 20, 2014 was",
    "25th of July 2012.": "25th of July 2012", "hello world": "hello", "c e o 们": "c e o",
    "123 Laguna Ct, Town": "123 Laguna Ct", "—8日": "—8", "USD 100.": "USD 100", "C. S. Lewis": "C. S",
    "A·12345": "A·12345", "5 % off": "5 %", "≤ 5": "≤ 5",
}  # fmt: skip


@pytest.mark.parametrize(("text", "run"), ENDS.items())
def test_a_run_ends_where_what_follows_does_not_belong_to_it(text: str, run: str) -> None:
    assert Run().end(text, final=True) == len(run)


@pytest.mark.parametrize(("text", "run"), ENDS.items())
def test_it_ends_there_also_if_its_text_comes_by_the_character(text: str, run: str) -> None:
    one = Run()
    known = None
    for size in range(1, len(text) + 1):
        known = one.end(text[:size], final=False)
        if known is not None:
            break
    if known is None:
        known = one.end(text, final=True)
    else:
        assert size <= len(run) + 4  # that is how far it looks
    assert known == len(run)


@pytest.mark.parametrize("text", ["(好", "—好", "– a", "(", "—"])
def test_a_bracket_or_a_dash_begins_a_run_only_before_a_figure(text: str) -> None:
    assert Run().end(text, final=True) == 0


@pytest.mark.parametrize("text", ["1", "(", "a.", "1 ", "1,", "1.", "5 -", "May ", "—"])
def test_a_run_that_may_go_on_has_no_end_yet(text: str) -> None:
    assert Run().end(text, final=False) is None


def test_a_run_is_cut_where_it_is_too_long() -> None:
    assert Run().end("1" * (LONGEST + 1), final=False) == LONGEST
    assert Run().end("1" * (LONGEST - 1), final=False) is None
