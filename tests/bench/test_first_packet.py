"""How soon a service speaks: that each way is measured as what it is, not how fast this machine is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from firstword.bench import first_packet
from firstword.bench.first_packet import CUT, SENTENCES, SERVICES, TOKEN, Service
from firstword.bench.first_packet_ways import Caller, Cut, Given
from firstword.bench.report import Row
from firstword.errors import ProviderError
from firstword.gateway.faults import parse
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway

NO_MARK = "这个订单昨天下午已经从上海的仓库发出。还有什么可以帮您？"
COMMAS = "好的，这个订单昨天下午已经从上海的仓库发出。还有什么可以帮您？"


@pytest.fixture(autouse=True)
def short_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_packet, "REPLIES", {"no mark": NO_MARK, "commas": COMMAS})


def took(service: Service) -> dict[tuple[str, str], float]:
    with Gateway(GatewayOptions(split=service.split, byte_ms=20)) as gateway:
        takes = first_packet.play(gateway, service, 1)
    return {kind: take.took_ms for kind, (take,) in takes.items()}


FULL_STOP, COMMA, COSYVOICE, SERVER_COMMIT, COMMIT, WHOLE = SERVICES


@pytest.mark.parametrize("service", [FULL_STOP, SERVER_COMMIT], ids=lambda service: service.name)
def test_a_service_that_waits_for_a_full_stop_begins_before_it_only_where_it_is_asked_to(service: Service) -> None:
    got = took(service)
    for what in ("no mark", "commas"):
        assert got[what, CUT] < 0.7 * got[what, TOKEN]
        assert got[what, TOKEN] == pytest.approx(got[what, SENTENCES], rel=0.3)


@pytest.mark.parametrize("service", [COMMA, COSYVOICE, COMMIT], ids=lambda service: service.name)
def test_where_a_comma_is_enough_the_first_clause_needs_no_flush_but_a_sentence_without_one_does(
    service: Service,
) -> None:
    got = took(service)
    assert got["no mark", CUT] < 0.7 * got["no mark", TOKEN]
    assert got["commas", CUT] < 0.5 * got["commas", SENTENCES]
    assert got["commas", TOKEN] < 0.5 * got["commas", SENTENCES]


def test_a_service_for_whole_texts_is_asked_when_the_sentence_is_there() -> None:
    got = took(WHOLE)
    assert set(got) == {("no mark", SENTENCES), ("commas", SENTENCES)}
    assert got["no mark", SENTENCES] > 350


def test_a_service_that_fails_ends_the_measurement_with_its_error() -> None:
    with Gateway(GatewayOptions(split=COSYVOICE.split, byte_ms=20)) as gateway:
        gateway.faults.set(*parse("cosyvoice:failed=418"))
        with pytest.raises(ProviderError, match="418"):
            first_packet.play(gateway, COSYVOICE, 1)


def cut(*pieces: Given, silent_ms: float = 0.0) -> Cut:
    made = object.__new__(Cut)
    made.caller, made.pieces = Caller(), list(pieces)
    made.caller.silent_ms = [silent_ms] if silent_ms else []
    made._record = SimpleNamespace(at={"first_audio": 1.0, "first_token": 0.75})  # type: ignore[assignment]
    return made


def test_pieces_that_are_no_clause_are_counted_by_whether_there_was_a_reason() -> None:
    first, clause, early, torn = Given("您的", True), Given("订单，"), Given("已经从", True), Given("上海")
    rows = first_packet._rows("x", {("no mark", CUT): [cut(first, clause, early, torn, clause, silent_ms=30)]})
    got = {row.name: (row.value, row.ok) for row in rows}
    assert got["x, no mark, cut and flushed: first audio, median"] == (250, True)
    assert got["x: pieces after the first"] == (4, None)
    assert got["x: of them within a clause, for nothing else was to be heard"] == (1, None)
    assert got["x: of them within a clause, for no reason"] == (1, False)
    assert got["x: longest without speech within a reply"] == (30, False)


def test_a_caller_hears_as_fast_as_speech_is_and_notices_when_there_is_none() -> None:
    now = 10.0
    clock: Any = SimpleNamespace(now=lambda: now)
    caller = Caller(clock)
    caller.write(1, bytes(1600))  # 100 ms
    assert caller.heard_ms(1) == pytest.approx(0)
    now += 0.06
    assert caller.heard_ms(1) == pytest.approx(60)
    caller.write(1, bytes(1600))
    now += 0.34
    assert caller.heard_ms(1) == pytest.approx(200) and not caller.silent_ms
    caller.write(1, b"")
    assert not caller.silent_ms
    caller.write(1, bytes(1600))
    assert caller.silent_ms == [pytest.approx(200)]
    assert caller.heard_ms(1) == pytest.approx(200)


def test_the_table_has_a_line_for_each_reply_and_a_column_for_each_way() -> None:
    name = f"{WHOLE.name}, no mark, {SENTENCES}: first audio"
    rows = [Row(f"{name}, median", 1055.4, "ms"), Row(f"{name}, p99", 1060.0, "ms")]
    lines = first_packet.table(rows, [WHOLE]).strip().splitlines()
    assert [line.split()[-3:] for line in lines[1:]] == [["-", "1055", "(1060)"], ["-", "-", "-"]]
