"""How soon a service begins to speak a reply that is still being written: a part of ``firstword bench providers``.

A model writes `TOKENS_PER_S`; the task is begun `LEAD_S` before its first token, together with the model, as in a call. The same replies
are given in three ways (`first_packet_ways`), in turn, in one run. What a service holds back is the gateway's model of it: `SERVICES` says
of each where that is known from. The gateway takes no time for the speech itself; what a real service needs comes on top, in all alike.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..clock import SYSTEM
from ..demo.writing import tokens
from ..errors import ConfigError
from ..gateway.options import GatewayOptions
from ..gateway.server import Gateway
from ..providers.registry import make_tts
from ..speech.tts import Synthesiser
from .first_packet_ways import BySentence, ByToken, Cut, Take, WholeText
from .report import Row, median, percentile

TOKENS_PER_S = 20.0
LEAD_S = 0.3
APART_S = 0.043
"""Between the beginnings of two replies: nearly a hundred are under way at once, and their tokens do not fall together."""
BYTE_MS = 73
"""The tone voice then takes 219 ms for a Chinese character, as the segmenter reckons (`text.pace`)."""
GOAL_MS = 300.0
"""Of what is cut: the model needs so long for the 12 characters after which a first piece goes wherever it is (`text.segment.FIRST`)."""
WITHIN_S = 20.0
"""How long the last replies may take before the bench gives up."""

CLAUSES = (
    "您的订单昨天下午从上海发出，现在已经到了本市的分拣中心，然后由快递员为您送货上门，"
    "预计明天上午送到，请您保持电话畅通，不要走开，谢谢您的耐心等待。"
)
"""It takes longer to be written than its first piece and clause take to be heard."""
REST = "如果到时候您不方便签收，可以和我改约别的时间，也可以请快递员放到小区门口的快递柜。还有什么可以帮您？"
REPLIES = {
    "no mark": f"这个订单昨天下午已经从上海的仓库发出并且预计明天上午就会送到您登记的那个地址。{REST}",
    "clauses": CLAUSES + REST,
    "short clause": f"好的，{CLAUSES}{REST}",
}
"""What its first sentence is like -> a reply."""
CLAUSE_ENDS = "。！？；：，…"

Way = Callable[[Synthesiser, str], Take]
CUT, TOKEN, SENTENCES = "cut and flushed", "token by token", "whole sentence"
WAYS: dict[str, Way] = {CUT: Cut, TOKEN: ByToken, SENTENCES: BySentence}


@dataclass(frozen=True)
class Service:
    """A service that speaks, and what the gateway has it wait for (`GatewayOptions.split`)."""

    name: str
    vendor: str
    values: Callable[[Gateway], Mapping[str, str]]
    split: str
    ways: Mapping[str, Way]


def _nls(gateway: Gateway) -> dict[str, str]:
    return {"url": gateway.ws_url, "appkey": gateway.appkey, "token": gateway.token()}


def _cosyvoice(gateway: Gateway) -> dict[str, str]:
    return {"url": gateway.inference_url, "api_key": gateway.api_key}


def _qwen(mode: str) -> Callable[[Gateway], dict[str, str]]:
    return lambda gateway: {"url": gateway.realtime_url, "api_key": gateway.api_key, "mode": mode}


SERVICES = (
    # The pages: what does not fulfil the condition of a sentence waits (未满足分句条件的缓存文本). Which marks fulfil it they do not
    # say, so both; FlushText is known from the C++ SDK.
    Service("NLS flowing, waits for a full stop", "aliyun", _nls, "sentence", WAYS),
    Service("NLS flowing, waits for a comma", "aliyun", _nls, "clause", WAYS),
    # The pages' example of events has a sentence that is 床前明月光， and no more; flush is known from the python SDK.
    Service("CosyVoice", "cosyvoice", _cosyvoice, "clause", WAYS),
    # The pages: the service decides when, and a commit has it speak what there is. The later of the two is taken.
    Service("Qwen-TTS server_commit", "qwen", _qwen("server_commit"), "sentence", WAYS),
    # The pages: nothing is spoken before a commit. Without a flush our client commits whole clauses.
    Service("Qwen-TTS commit", "qwen", _qwen("commit"), "none", WAYS),
    Service(
        "NLS whole text",
        "aliyun",
        lambda gateway: {**_nls(gateway), "whole_text": "1"},
        "clause",
        {SENTENCES: WholeText},
    ),
)


def measure(replies: int, connect_ms: float, services: Sequence[Service] = SERVICES) -> list[Row]:
    """The rows, `replies` of each kind in each way; prints a table.

    Raises:
        ConfigError: a service did not speak in time.
        ProviderError: it failed.
    """
    rows: list[Row] = []
    for service in services:
        print(f"  {service.name}: {replies} replies of each kind, {', '.join(service.ways)} ...", flush=True)
        with Gateway(GatewayOptions(connect_ms=connect_ms, split=service.split, byte_ms=BYTE_MS)) as gateway:
            rows += _rows(service.name, play(gateway, service, replies))
    print(table(rows, services))
    return rows


Takes = dict[tuple[str, str], list[Take]]
"""What the first sentence has, the way -> the replies."""


def play(gateway: Gateway, service: Service, replies: int) -> Takes:
    """Have all of them spoken, `APART_S` apart, the ways in turn. Raises as `measure`."""
    made = make_tts(service.vendor, {**service.values(gateway), "spares": "0"}, "bench")
    kinds = list(itertools.product(REPLIES, service.ways))
    takes: Takes = {
        kind: [service.ways[kind[1]](made, f"call-{kind[1][0]}{n}") for n in range(replies)] for kind in kinds
    }
    due: list[tuple[float, int, Callable[[], object]]] = []
    number = itertools.count()

    def at(moment: float, what: Callable[[], object]) -> None:
        heapq.heappush(due, (moment, next(number), what))

    in_turn = [
        (what, take) for some in zip(*takes.values(), strict=True) for (what, _), take in zip(kinds, some, strict=True)
    ]
    now = SYSTEM.now()
    for order, (what, take) in enumerate(in_turn):
        begins = now + order * APART_S
        at(begins, take.begin)
        written = tokens(REPLIES[what])
        for count, token in enumerate(written):
            at(begins + LEAD_S + count / TOKENS_PER_S, lambda take=take, token=token: take.token(token))  # type: ignore[misc]
        at(begins + LEAD_S + len(written) / TOKENS_PER_S, take.end)
    try:
        while due:
            moment, _, act = heapq.heappop(due)
            SYSTEM.sleep(max(0.0, moment - SYSTEM.now()))
            act()
        _wait_for([take for _, take in in_turn], service.name)
    finally:
        for _, take in in_turn:
            take.close()
        made.close()
    return takes


def _wait_for(takes: Sequence[Take], name: str) -> None:
    deadline = SYSTEM.deadline(WITHIN_S)
    while not all(take.over for take in takes):
        if deadline.passed():
            raise ConfigError(f"{name}: a reply was not spoken within {WITHIN_S:.0f} s")
        SYSTEM.sleep(0.01)
    error = next((take.error for take in takes if take.error is not None), None)
    if error is not None:
        raise error


def _rows(name: str, takes: Takes) -> list[Row]:
    rows = []
    for (what, way), some in takes.items():
        took = [take.took_ms for take in some]
        goal = GOAL_MS if way == CUT else None
        rows.append(Row(f"{name}, {what}, {way}: first audio, median", median(took), "ms", goal))
        rows.append(Row(f"{name}, {what}, {way}: first audio, p99", percentile(took, 99), "ms"))
    cut = [take for some in takes.values() for take in some if isinstance(take, Cut)]
    if cut:
        later = [piece for take in cut for piece in take.pieces[1:]]
        within = [piece for piece in later if piece.text.rstrip()[-1:] not in CLAUSE_ENDS]
        silent = [ms for take in cut for ms in take.caller.silent_ms]
        early, torn = sum(piece.flushed for piece in within), sum(not piece.flushed for piece in within)
        rows += [
            Row(f"{name}: pieces after the first", float(len(later)), "pieces"),
            Row(f"{name}: of them within a clause, for nothing else was to be heard", float(early), "pieces"),
            Row(f"{name}: of them within a clause, for no reason", float(torn), "pieces", goal=0),
            Row(f"{name}: longest without speech within a reply", max(silent, default=0.0), "ms", goal=0),
        ]
    return rows


def table(rows: Sequence[Row], services: Sequence[Service]) -> str:
    """A line for each service and reply, a column for each way: median (99th percentile)."""
    values = {row.name: row.value for row in rows}
    lines = [f"\n  {'first audio, median (p99), ms':<37}{'first sentence':<16}" + "".join(f"{way:>20}" for way in WAYS)]
    for service, what in itertools.product(services, REPLIES):
        cells = []
        for way in WAYS:
            name = f"{service.name}, {what}, {way}: first audio"
            middle, high = values.get(f"{name}, median"), values.get(f"{name}, p99")
            cells.append("-" if middle is None or high is None else f"{middle:.0f} ({high:.0f})")
        lines.append(f"  {service.name:<37}{what:<16}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines) + "\n"
