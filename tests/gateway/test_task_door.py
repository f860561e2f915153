"""The door of DashScope's task protocol, whatever the service behind it: played with one that says back what it is told."""

from __future__ import annotations

import asyncio
import json

import pytest
import websocket
from task_client import TaskClient

from firstword.gateway.dashscope import door, wire
from firstword.gateway.faults import Fault


class Echo:
    """Says the text of each ``continue-task`` back, and the size of each binary message."""

    def __init__(self, line, kit, payload):
        if payload["model"] != "echo-1":
            raise wire.no_model(payload["model"])
        self._line = line
        self.work = line.work(self._start(kit))

    async def _start(self, kit):
        await kit.until(kit.clock.now() + kit.pace.start_s)
        await self._line.begin_task()

    async def more(self, given):
        await self._line.result({"said": given.get("text")})

    async def audio(self, data):
        await self._line.result({"heard": len(data)})

    async def finish(self, given):
        await asyncio.sleep(float(given.get("after", 0)))
        await self._line.end_task({"usage": {}})
        if given.get("directive") == "cancel":
            self._line.complete()

    def close(self):
        self.work.cancel()


@pytest.fixture(autouse=True)
def echo(monkeypatch):
    monkeypatch.setitem(door.SERVICES, "echo", ("cosyvoice", Echo))


def begin(client: TaskClient) -> None:
    client.run("echo-1", task="echo")
    client.until("task-started")


def test_tasks_run_one_after_another_on_one_connection(gateway):
    with TaskClient(gateway) as client:
        for text in ("一", "二"):
            begin(client)
            client.more(text=text)
            client.ws.send_binary(b"abc")
            client.finish()
            client.until("task-finished")
    events = client.received.events
    assert [event["header"]["event"] for event in events] == [
        "task-started", "result-generated", "result-generated", "task-finished",
    ] * 2  # fmt: skip
    assert [event["payload"]["output"] for event in events if "output" in event["payload"]] == [
        {"said": "一"}, {"heard": 3}, {"said": "二"}, {"heard": 3},
    ]  # fmt: skip
    ids = [event["header"]["task_id"] for event in events]
    assert len(set(ids)) == 2 and ids[:4] == [ids[0]] * 4
    assert gateway.wait(lambda: gateway.seen("cosyvoice")[0].closed, 2)
    visit = gateway.seen("cosyvoice")[0]
    assert visit.ended == "completed" and visit.text("continue-task") == "一二"


def test_the_events_have_the_form_of_the_pages(gateway):
    with TaskClient(gateway) as client:
        begin(client)
        client.finish()
        client.until("task-finished")
        started, finished = client.received.events
    assert started == {"header": {"task_id": client.task, "event": "task-started", "attributes": {}}, "payload": {}}
    assert set(finished["header"]["attributes"]) == {"request_uuid"}


@pytest.mark.parametrize("key", ["sk-wrong", "", None])
def test_a_wrong_key_is_refused_at_the_upgrade_in_the_services_words(gateway, key):
    header = [] if key is None else [f"Authorization: Bearer {key}"]
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        websocket.create_connection(gateway.inference_url, header=header, timeout=5)
    assert caught.value.status_code == 401
    assert json.loads(caught.value.resp_body)["code"] == "InvalidApiKey"
    assert gateway.seen("dashscope")[0].ended == "HTTP 401"


def test_the_path_may_end_in_a_slash(gateway):
    header = [f"Authorization: Bearer {gateway.api_key}"]
    websocket.create_connection(gateway.inference_url + "/", header=header, timeout=5).close()


DISORDER = {
    "no JSON": (lambda c: c.ws.send("{"), "Invalid payload data", 1007),
    "deep JSON": (lambda c: c.ws.send("[" * 100_000), "Invalid payload data", 1007),
    "no header": (lambda c: c.ws.send("{}"), "'header'", 1007),
    "unknown action": (lambda c: c.say("stop-task"), "Invalid action 'stop-task'", 1000),
    "no task id": (lambda c: c.say("run-task", task_id=None), "'header.task_id'", 1000),
    "not duplex": (lambda c: c.say("run-task", task_id="x", streaming="out"), "'header.streaming'", 1000),
    "no input": (lambda c: c.say("run-task", {"model": "echo-1"}, task_id="x"), "task can not be null", 1007),
    "no model": (lambda c: c.say("run-task", {"input": {}}, task_id="x"), "'payload.model'", 1000),
    "unknown task": (lambda c: c.run("echo-1", task="sing"), "Invalid task 'sing'", 1000),
    "unknown model": (lambda c: c.run("nope", task="echo"), "nope", 1000),
    "text before a task": (lambda c: c.say("continue-task", task_id="x"), "is not started", 1000),
    "audio before a task": (lambda c: c.ws.send_binary(b"x"), "is not started", 1000),
    "finish without input": (
        lambda c: [begin(c), c.say("finish-task", {"a": 1})],
        "task can not be null",
        1007,
    ),
    "another task's id": (lambda c: [begin(c), c.say("continue-task", task_id="other")], "does not match", 1000),
    "text after the end": (
        lambda c: [begin(c), c.finish(), c.until("task-finished"), c.more(text="x")],
        "is not started",
        1000,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", DISORDER)
def test_whatever_is_not_in_order_fails_the_task_and_closes_the_connection(gateway, what):
    act, words, close = DISORDER[what]
    with TaskClient(gateway) as client:
        act(client)
        received = client.rest()
    assert words in received.failure[1] and received.close == close
    assert gateway.wait(lambda: gateway.log[0].closed, 2) and gateway.log[0].ended.startswith("failed ")


def test_text_before_the_task_has_started_fails_it(make_gateway):
    gateway = make_gateway(start_ms=300)
    with TaskClient(gateway) as client:
        client.run("echo-1", task="echo")
        client.more(text="x")
        assert "is not started" in client.rest().failure[1]


def test_a_run_task_in_the_middle_of_a_task_ends_that_one(gateway):
    with TaskClient(gateway) as client:
        begin(client)
        first = client.task
        begin(client)
    assert client.received.names == ["task-started", "task-finished", "task-started"]
    assert [event["header"]["task_id"] for event in client.received.events] == [first, first, client.task]


def test_a_client_that_says_nothing_in_a_task_is_failed_and_one_between_tasks_is_closed(make_gateway):
    gateway = make_gateway(task_idle_s=0.2, between_tasks_s=0.4)
    with TaskClient(gateway) as client:
        begin(client)
        assert client.rest().failure == ("CLIENT_ERROR", "request timeout after 23 seconds.")
    with TaskClient(gateway) as client:
        begin(client)
        client.finish()
        client.until("task-finished")
        assert client.step() is None and client.received.close == 1000
    with TaskClient(gateway) as client:
        assert client.step() is None
    assert gateway.wait(lambda: all(visit.closed for visit in gateway.log), 2)
    assert [visit.ended for visit in gateway.log] == ["failed CLIENT_ERROR", "completed", "never started"]


def test_the_silence_between_tasks_counts_from_the_last_ones_end(make_gateway):
    gateway = make_gateway(between_tasks_s=0.5)
    with TaskClient(gateway) as client:
        for _ in range(2):
            begin(client)
            client.finish(after=0.3)
            client.until("task-finished")
            gateway.wait(lambda: False, 0.3)
        assert len(client.received.events) == 4


def test_no_more_tasks_than_the_account_may_have_at_once(make_gateway):
    gateway = make_gateway(most_tts=1)
    with TaskClient(gateway) as first, TaskClient(gateway) as second:
        begin(first)
        second.run("echo-1", task="echo")
        assert second.rest().failure[0] == "Throttling.RateQuota"
        first.finish()
        first.until("task-finished")
        with TaskClient(gateway) as third:  # an idle connection is no task
            begin(third)


def test_cancel_ends_the_task_and_then_the_connection(gateway):
    with TaskClient(gateway) as client:
        begin(client)
        client.finish(directive="cancel")
        received = client.rest()
    assert received.names[-1] == "task-finished" and received.close == 1000


FAULTS = {
    "refused at the upgrade": ("dashscope", Fault("refused"), None),
    "a status at the upgrade": ("dashscope", Fault("status", 503), None),
    "reset at the task": ("cosyvoice", Fault("refused"), ""),
    "a status at the task": ("cosyvoice", Fault("status", 429), "Throttling.RateQuota"),
    "failed": ("cosyvoice", Fault("failed", 402, events=1), "Arrearage"),
    "failed without a code": ("cosyvoice", Fault("failed"), "InternalError.Algo"),
    "cut": ("cosyvoice", Fault("cut", events=1), ""),
}


@pytest.mark.parametrize("what", FAULTS)
def test_faults_happen_where_they_are_set(gateway, what):
    service, fault, code = FAULTS[what]
    gateway.faults.set(service, fault)
    if code is None:
        with pytest.raises((ConnectionError, websocket.WebSocketException)):
            TaskClient(gateway)
        return
    with TaskClient(gateway) as client:
        client.run("echo-1", task="echo")
        if fault.events:
            client.until("task-started")
            client.more(text="x")
        received = client.rest()
    if code:
        assert received.failure[0] == code
    else:
        assert "task-failed" not in received.names and received.close is None


def test_a_fault_strikes_one_task_and_the_next_is_well(gateway):
    gateway.faults.set("cosyvoice", Fault("malformed", events=1, times=1))
    with TaskClient(gateway) as client:
        begin(client)
        client.more(text="x")
        with pytest.raises(json.JSONDecodeError):
            client.step()
        client.finish()
        client.until("task-finished")
        begin(client)
        client.more(text="y")
        assert client.until("result-generated")["payload"]["output"] == {"said": "y"}


def test_silence_is_for_ever(make_gateway):
    gateway = make_gateway(task_idle_s=0.1)
    gateway.faults.set("cosyvoice", Fault("silent"))
    with TaskClient(gateway) as client:
        client.run("echo-1", task="echo")
        client.ws.settimeout(0.3)
        with pytest.raises(websocket.WebSocketTimeoutException):
            client.step()
