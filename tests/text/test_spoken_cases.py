"""What is said for what is written, case by case: our own, and those of others where they lie beside the checkout."""

from __future__ import annotations

import csv

import pytest

from firstword.bench.readings import Case, by_kind, cases, words, wrong

from .spoken_cases import OURS, outside, say

FILES = {"zh": cases(OURS / "zh.tsv"), "en": cases(OURS / "en.tsv")}
OUTSIDE = {"wetext_zh": "zh", "nemo_zh": "zh", "nemo_en": "en"}


def listed(name: str) -> dict[int, str]:
    """The rows of a file from outside that we say otherwise on purpose, each with its reason."""
    with (OURS / "otherwise.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {int(row["row"]): row["reason"] for row in rows if row["file"] == name}


@pytest.mark.parametrize(
    ("language", "kind"), [(language, kind) for language, some in FILES.items() for kind in by_kind(some)]
)
def test_each_case_is_said_to_the_character(language: str, kind: str) -> None:
    some = by_kind(FILES[language])[kind]
    assert len(some) >= 15
    assert wrong(some, lambda text: say(text, language), exact=True) == []


def test_there_are_five_hundred_cases_and_none_twice() -> None:
    texts = [(language, case.text) for language, some in FILES.items() for case in some]
    assert len(texts) >= 500
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_others_expect_is_said_but_for_rows_that_are_listed_with_a_reason(name: str) -> None:
    folder = outside()
    if folder is None:
        pytest.skip("the cases from outside are not beside the checkout")
    some, reasons = cases(folder / f"{name}.tsv"), listed(name)
    otherwise = {case.row: (case.text, said) for case, said in wrong(some, lambda text: say(text, OUTSIDE[name]))}
    assert {row: told for row, told in otherwise.items() if row not in reasons} == {}
    assert set(reasons) == set(otherwise)  # a row that agrees by now is no exception
    assert len(otherwise) <= 0.1 * len(some)
    assert all(len(reason) > 20 for reason in reasons.values())


def test_a_case_is_compared_by_what_a_caller_hears() -> None:
    case = Case(2, "x", "ＯＫ", "Oh, K!")
    assert words("ＯＫ，好。") == words("o k 好")
    assert wrong([case], lambda text: "oh k") == []
    assert wrong([case], lambda text: "oh k", exact=True) == [(case, "oh k")]
    assert wrong([case], lambda text: "oh") == [(case, "oh")]
