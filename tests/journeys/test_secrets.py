"""No key is seen by anybody: whole calls with marked keys, through success and every kind of failure, and everything that they leave."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from firstword import cli
from firstword.clock import Clock
from firstword.doctor.variants import VARIANTS, Variant, at_gateway
from firstword.gateway.faults import Fault
from firstword.gateway.minds import ScriptedMind
from firstword.gateway.options import GatewayOptions
from firstword.gateway.server import Gateway
from firstword.gateway.tokens import Tokens
from firstword.host.settings import parse
from firstword.options import bind
from firstword.providers import registry
from firstword.sim.script import Script, Step
from firstword.sim.stage import Played, Stage
from net.loopback import CLOSE, TEXT, Loopback, Peer

from .conftest import END, HANG_UP, SPEED, say, silence, wait

CANARIES = {
    "NLS_APPKEY": "QApky7hJ2mWx9Lr4",
    "ALIYUN_AK_ID": "QAkid5nTz8Kc3Vb1",
    "ALIYUN_AK_SECRET": "QAsec6Yp+2Gd/7Fs=9Hw",
    "DASHSCOPE_API_KEY": "QAdsk-4Rj8Xq1Nv6Te",
}
TOKEN = "QAtok9f3e7c1b5a8d2064"
HEADER = "QAhdr2Mu7Zb5Sy0Pk"
MARKED = (*CANARIES.values(), TOKEN, HEADER)
PIECE = 7
"""Fewer characters of a key than that are none: a text may be cut anywhere."""
MINE = GatewayOptions(
    byte_ms=20,
    tokens_per_s=100,
    appkey=CANARIES["NLS_APPKEY"],
    access_key_id=CANARIES["ALIYUN_AK_ID"],
    access_key_secret=CANARIES["ALIYUN_AK_SECRET"],
    api_key=CANARIES["DASHSCOPE_API_KEY"],
)
MIND = ScriptedMind(
    match=[{"when": "订单", "calls": [{"name": "order", "arguments": {}}]}, {"answered": "order", "text": "好的。"}],
    otherwise="echo",
)
TOOL = """<tools><tool name="order"><param name="description" value="查"/><param name="url" value="http://127.0.0.1:{port}/"/>
<param name="allow_private" value="true"/><header name="Authorization" value="Bearer env:SHOP_KEY"/></tool></tools>"""
PROFILE = {
    "asr": "asr", "llm": "llm", "tts": "tts", "greeting": "您好", "apology": "抱歉", "regret": "再会", "vad": "level",
    "tools": "order", "ahead_waste": 0, "min_speech_ms": 60,
}  # fmt: skip
ORDER = (silence(), say("查订单"), silence(), HANG_UP)


# -- what is looked at --------------------------------------------------------------------------------------------------


class Log(logging.Handler):
    """Every line that any library logs, as it would be printed, with its traceback and its thread's name."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(threadName)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.args!r}")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """All loggers at debug, also those of the libraries that send."""
    handler = Log()
    for name in ("", "firstword", "urllib3", "urllib3.connectionpool", "requests", "websocket", "asyncio"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
    logging.getLogger("urllib3").manager._clear_cache()  # type: ignore[attr-defined]
    for name in ("", "firstword"):
        logging.getLogger(name).addHandler(handler)
    yield handler
    for name in ("", "firstword"):
        logging.getLogger(name).removeHandler(handler)


def seen_in(text: str) -> list[str]:
    """The marked keys of which `text` holds a piece, in the clear, or as URLs and JSON write it."""
    text = text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=").replace("\\/", "/")
    return [key for key in MARKED if any(key[at : at + PIECE] in text for at in range(len(key) - PIECE + 1))]


def nothing_seen(where: str, *texts: object) -> None:
    for text in texts:
        found = seen_in(str(text))
        assert not found, f"{where} shows {found}: {text}"


class House:
    """A switch with firstword in it, an operator who asks for everything during each call, and what is looked at afterwards."""

    def __init__(self, folder: Path, log: Log, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.log, self._capsys = folder, log, capsys
        self.clock = Clock(SPEED)
        self._calls = 0

    def call(self, xml: str, *steps: Step, doctor: bool = False) -> Played:
        """A whole call; fails if a key is seen anywhere."""
        self._calls += 1
        folder = self.folder / str(self._calls)
        folder.mkdir()
        printed: list[str] = []
        with Stage(folder, xml, clock=self.clock) as stage:
            ask = lambda command: printed.append(stage.switch.api(f"python voicebot {command}"))  # noqa: E731

            def look(step: str) -> None:
                for command in ("status", "calls", "levels", f"call {next(iter(stage.switch.calls), 'x')}"):
                    ask(command)
                printed.extend(thread.name for thread in threading.enumerate())

            played = stage.play(Script(steps, byte_ms=20), on_step=look)
            for command in ("status", "calls", "reload", *(["doctor"] if doctor else [])):
                ask(command)
            switch = stage.switch
        nothing_seen("the switch's log", *switch.log)
        nothing_seen("an event", *switch.events)
        nothing_seen("a variable of the channel", played.call.variables, played.call.error)
        nothing_seen("the record", json.dumps(played.record, ensure_ascii=False))
        nothing_seen("the console", *printed)
        for path in folder.rglob("*"):
            if path.is_file():
                nothing_seen(path.name, path.read_text(errors="replace"))
        self.look()
        return played

    def look(self) -> None:
        nothing_seen("the log of the process", *self.log.lines)
        nothing_seen("the output", *self._capsys.readouterr())


@pytest.fixture
def house(tmp_path: Path, log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> House:
    """The keys are in the environment, as an operator has them; the tokens that the gateway grants are marked too."""
    for name, value in {**CANARIES, "SHOP_KEY": HEADER}.items():
        monkeypatch.setenv(name, value)

    def grant(self: Tokens) -> tuple[str, float]:
        self._tokens[TOKEN] = self._wall() + 3600
        return TOKEN, self._tokens[TOKEN]

    monkeypatch.setattr(Tokens, "grant", grant)
    return House(tmp_path, log, capsys)


@pytest.fixture
def gateway(house: House) -> Iterator[Gateway]:
    with Gateway(MINE, mind=MIND, clock=house.clock) as gateway:
        yield gateway


# -- the services ---------------------------------------------------------------------------------------------------------

Trio = dict[str, Variant]


def trios() -> list[Trio]:
    """A recogniser, a model and a synthesiser each, so that every vendor is in one."""
    of = {
        kind: [next(v for v in VARIANTS if (v.kind, v.vendor) == (kind, vendor)) for vendor in vendors]
        for kind, vendors in registry.VENDORS.items()
    }
    most = max(map(len, of.values()))
    return [{kind: variants[at % len(variants)] for kind, variants in of.items()} for at in range(most)]


TRIOS = trios()
every_trio = pytest.mark.parametrize("trio", TRIOS, ids=lambda trio: " ".join(v.vendor for v in trio.values()))


def values_at(variant: Variant, url: str, token_url: str) -> dict[str, str]:
    """Its settings at `url`; its keys come from the environment, as by default."""
    there = at_gateway(variant, url, CANARIES).values
    values = {name: value for name, value in there.items() if value not in CANARIES.values()}
    return {**values, "token_url": token_url} if "token_url" in values else values


def configuration(trio: Trio, gateway: Gateway, *, port: int = 9, **elsewhere: str) -> str:
    """`elsewhere`: where the service of a kind is, or ``token`` tokens are made, if not at the gateway; `port` is the tool's."""
    services = ""
    for kind, variant in trio.items():
        values = values_at(variant, elsewhere.get(kind, gateway.url), elsewhere.get("token", gateway.url))
        params = "".join(f"<param name={quoteattr(n)} value={quoteattr(v)}/>" for n, v in values.items())
        services += f'<service name="{kind}" does="{kind}" vendor="{variant.vendor}">{params}</service>'
    profile = "".join(f'<param name="{name}" value="{value}"/>' for name, value in PROFILE.items())
    return (
        '<configuration name="firstword.conf"><settings><param name="log_level" value="debug"/>'
        f'<param name="warm_phrases" value="false"/></settings><services>{services}</services>{TOOL.format(port=port)}'
        f'<profiles><profile name="default">{profile}</profile></profiles></configuration>'
    )


# -- stories --------------------------------------------------------------------------------------------------------------


@every_trio
def test_a_call_that_goes_well_shows_no_key(house: House, gateway: Gateway, trio: Trio) -> None:
    def shop(peer: Peer) -> None:
        head, _ = peer.read_request()
        assert HEADER in head
        peer.answer("200 OK", f"钥匙是 {HEADER}，已发货")

    with Loopback(shop) as server:
        played = house.call(configuration(trio, gateway, port=server.port), *ORDER, doctor=True)
    assert played.conversation.heard_text() == "您好好的。"
    assert played.record["turns"][0]["tools"][0]["outcome"] == "done"
    assert len(house.log.lines) > 20


FAULTS = {
    "refused": Fault("refused"),
    "status 403": Fault("status", 403),
    "failed": Fault("failed"),
    "cut": Fault("cut", events=1),
    "malformed": Fault("malformed"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_call_whose_services_fail_shows_no_key(house: House, gateway: Gateway, name: str) -> None:
    xml = configuration(TRIOS[0], gateway)
    with gateway.faults.set("llm", FAULTS[name]):
        house.call(xml, silence(), say("喂"), wait(0.6), HANG_UP)
    for kind in ("tts", "token"):  # whichever is met first, and the recogniser beside it
        with gateway.faults.set(kind, FAULTS[name]), gateway.faults.set("asr", FAULTS[name]):
            assert house.call(xml, wait(0.2), HANG_UP).result in ("hangup", "error")


def every_key_back(peer: Peer, how: str) -> None:
    """What a hostile or a chatty server does: it says the keys of a request again, bare, and so often that one is cut by any limit."""
    head, body = peer.read_request()
    if "upgrade: websocket" in head.lower() and not how.startswith("status"):
        _accept(peer, head)
        opcode, frame = peer.read_frame()
        if opcode != TEXT:
            return  # a spare, which nobody took
        asked = frame.decode(errors="replace")
        said = again(head + asked)
        if how == "failed":
            task = json.loads(asked).get("header", {}).get("task_id", "")
            header = {"namespace": "Default", "name": "TaskFailed", "status": 40000000, "status_text": said}
            failed = {"event": "task-failed", "error_code": said, "error_message": said, "task_id": task}
            error = {"type": "error", "error": {"code": said, "message": said}}
            peer.send_frame(TEXT, json.dumps({"header": {**header, **failed}, "payload": {}, **error}))
        elif how == "closed":
            peer.send_frame(CLOSE, b"\x0f\xa1" + said.encode()[:120])
        else:
            peer.send_frame(TEXT, f'{{"header": {said}')
        peer.read_until_close()
        return
    said = again(head + body.decode())
    error = {"error": {"message": said, "code": said}, "Message": said, "message": said, "Code": said, "code": said}
    if how.startswith("status"):
        _, status, form = how.split()
        peer.answer(
            f"{status} {said[:40]}", json.dumps(error) if form == "JSON" else said, f"Location: /{said[:40]}\r\n"
        )
    elif how == "failed":
        peer.begin_chunks()
        peer.chunk(f"data: {json.dumps(error)}\n\n")
    else:
        peer.begin_chunks()
        peer.chunk(f"data: {said}\n\n")


def again(text: str) -> str:
    keys = [key for key in MARKED if key in text]
    assert keys
    return " ".join(keys) + " " + " ".join(keys[0] for _ in range(40))


def _accept(peer: Peer, head: str) -> None:
    """Upgrade, though the head was read before it was known to ask for that."""
    peer.read_head = lambda: head  # type: ignore[method-assign]
    peer.upgrade()


ECHOES = [
    "status 200 JSON",
    "status 401 text",
    "status 403 JSON",
    "status 400 JSON",
    "status 500 text",
    "status 302 JSON",
    "failed",
    "closed",
    "malformed",
]


@every_trio
@pytest.mark.parametrize("how", ECHOES)
def test_the_doctor_does_not_repeat_a_server_that_says_our_keys_again(
    house: House, gateway: Gateway, trio: Trio, how: str
) -> None:
    config, found = house.folder / "conf.xml", house.folder / "found.json"
    with Loopback(functools.partial(every_key_back, how=how)) as server:
        url = f"http://127.0.0.1:{server.port}"
        config.write_text(configuration(trio, gateway, asr=url, llm=url, tts=url))
        assert cli.main(["doctor", "--live", "--config", str(config), "--json", str(found)]) == 1
        nothing_seen("what the doctor wrote", found.read_text())
        house.look()


@pytest.mark.parametrize("how", ["status 500 text", "failed", "closed"])
def test_a_call_does_not_repeat_a_server_that_says_our_keys_again(house: House, gateway: Gateway, how: str) -> None:
    with Loopback(functools.partial(every_key_back, how=how)) as server:
        url = f"http://127.0.0.1:{server.port}"
        ours = functools.partial(configuration, TRIOS[0], gateway)
        house.call(ours(llm=url), silence(), say("喂"), wait(0.6), HANG_UP)
        house.call(ours(asr=url, tts=url), END)
        house.call(ours(token=url), END)


@pytest.mark.parametrize("how", ["status 200 JSON", "status 401 text"])
def test_a_tool_that_says_its_key_again_is_not_repeated(house: House, gateway: Gateway, how: str) -> None:
    with Loopback(functools.partial(every_key_back, how=how)) as server:
        played = house.call(configuration(TRIOS[0], gateway, port=server.port), *ORDER)
    assert played.record["turns"][0]["tools"][0]["outcome"] == ("done" if "200" in how else "failed")


def test_an_error_of_our_own_in_a_providers_thread_shows_no_key(
    house: House, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its traceback is logged. What the code at fault held in its hands is in none of it."""
    from firstword.providers.aliyun import wire as nls
    from firstword.providers.openai import wire as chat

    def broken(text: str) -> object:
        raise RuntimeError("a mistake of ours")

    for module in (nls, chat):
        with monkeypatch.context() as patch:
            patch.setattr(module, "parse", broken)
            patch.setattr(threading, "excepthook", lambda args: None)
            house.call(configuration(TRIOS[0], gateway), silence(), say("喂"), wait(0.5), HANG_UP)
    assert any("a mistake of ours" in line for line in house.log.lines)


@pytest.mark.parametrize(("kind", "vendor"), registry.known())
def test_settings_and_services_show_no_key_whoever_prints_them(house: House, kind: registry.Kind, vendor: str) -> None:
    section = registry.settings_class(kind, vendor)
    given = {field.name: TOKEN for field in dataclasses.fields(section) if field.metadata["secret"]}
    assert given
    settings = bind(section, given, "here")
    make: dict[str, Callable[..., Any]] = {"asr": registry.make_asr, "llm": registry.make_llm, "tts": registry.make_tts}
    service = make[kind](vendor, given, "here")
    params = "".join(f'<param name="{name}" value="{value}"/>' for name, value in given.items())
    other = "".join(f'<service name="{k}" does="{k}" vendor="{TRIOS[0][k].vendor}"/>' for k in TRIOS[0])
    whole = parse(
        f'<configuration><services><service name="s" does="{kind}" vendor="{vendor}">{params}</service>{other}</services><profiles>'
        '<profile name="default"><param name="asr" value="asr"/><param name="llm" value="llm"/><param name="tts" value="tts"/>'
        "</profile></profiles></configuration>"
    )
    for thing in (settings, service, whole, *whole.services.values(), *vars(service).values()):
        if not isinstance(thing, dict):
            nothing_seen(f"repr() of {type(thing).__name__}", repr(thing), str(thing))
    service.close()
