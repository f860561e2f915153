"""Settings as typed values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from firstword.errors import ConfigError
from firstword.options import bind, option, phrases


@dataclass(frozen=True)
class Section:
    voice: str = option("xiaoyun", help="the voice", choices=("xiaoyun", "aixia"))
    rate: int = option(8000, help="samples", choices=("8000", "16000"))
    volume: int = option(50, help="loudness", low=0, high=100)
    pace: float = option(1.0, help="pace", low=0.5, high=2)
    seconds: int = option(1000, help="a day at most", low=1000, high=86_400_000)
    delay: float = option(0.0, help="delay", low=0)
    fast: bool = option(False, help="fast")
    words: tuple[str, ...] = option((), help="words")
    key: str = option("env:FIRSTWORD_TEST_KEY", help="the key", secret=True)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_TEST_KEY", "s3cret")


def test_texts_become_values() -> None:
    values = {"voice": "aixia", "rate": "16000", "volume": " 7 ", "pace": "1.5", "fast": "yes", "words": "再见 | bye |"}
    assert bind(Section, values, "x") == Section("aixia", 16000, 7, 1.5, 1000, 0.0, True, ("再见", "bye"), "s3cret")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"voise": "a"}, "service 'x': unknown setting 'voise' (did you mean 'voice'?)"),
        ({"voice": "aixai"}, "service 'x': voice takes one of xiaoyun, aixia, not 'aixai' (did you mean 'aixia'?)"),
        ({"rate": "11025"}, "service 'x': rate takes one of 8000, 16000, not '11025'"),
        ({"volume": "101"}, "service 'x': volume takes 0 to 100, not 101"),
        ({"volume": "loud"}, "service 'x': volume takes a whole number, not 'loud'"),
        ({"volume": "7.5"}, "service 'x': volume takes a whole number, not '7.5'"),
        ({"seconds": "5"}, "service 'x': seconds takes 1000 to 86400000, not 5"),
        ({"delay": "-5"}, "service 'x': delay takes 0 or more, not -5"),
        ({"pace": "nan"}, "service 'x': pace takes 0.5 to 2, not nan"),
        ({"fast": "maybe"}, "service 'x': fast takes true or false, not 'maybe'"),
        ({"words": "再见｜拜拜"}, "service 'x': words is split at |, not at the full-width ｜ that is in it"),
        ({"key": "env:FIRSTWORD_NO_SUCH"}, "service 'x': key: the environment variable FIRSTWORD_NO_SUCH is not set"),
        ({"key": "file:/no/such"}, "service 'x': key: /no/such can not be read: No such file or directory"),
    ],
)
def test_a_mistake_gets_one_line_that_names_the_place_and_the_remedy(values: dict[str, str], line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bind(Section, values, "service 'x'")
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xc4\xe3\xff", "is not text: it must hold the secret and nothing else"),
        (b"DASHSCOPE_API_KEY=sk-1\nNLS_APPKEY=2\n", "has more than one line: it must hold the secret and nothing else"),
        (b" \n", "is empty"),
    ],
)
def test_a_file_that_holds_something_else_than_a_secret_is_refused_without_saying_what(
    content: bytes, line: str, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError) as caught:
        bind(Section, {"key": f"file:{path}"}, "x")
    assert str(caught.value) == f"x: key: {path} {line}"


def test_a_secret_is_read_from_a_private_file_only_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("hidden\n")
    path.chmod(0o600)
    section = bind(Section, {"key": f"file:{path}"}, "x")
    assert section.key == "hidden"
    assert "hidden" not in repr(section)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        bind(Section, {"key": f"file:{path}"}, "x")


def test_the_phrases_of_a_section_are_what_its_fields_declare_as_spoken_each_once() -> None:
    @dataclass(frozen=True)
    class Manners:
        greeting: str = option("您好", help="said first", spoken=True)
        voice: str = option("xiaoyun", help="the voice")
        nothing: str = option("", help="said where nothing is", spoken=True)
        fillers: tuple[str, ...] = option(("请稍等", "您好", "我查一下"), help="said meanwhile", spoken=True)

    assert phrases(Manners()) == ("您好", "请稍等", "我查一下")
    assert phrases(Section()) == ()
