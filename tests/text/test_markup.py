"""What is written for the eye and not spoken."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given

from firstword.text.atom import sources, spoken
from firstword.text.markup import Markup
from firstword.text.reading import Reading

from .cutting import cut, streamed

READING = Reading()


def said(text: str, **settings: object) -> str:
    reading = Reading(**settings)  # type: ignore[arg-type]
    whole = streamed(lambda: Markup(reading), [text])
    assert streamed(lambda: Markup(reading), list(text)) == whole
    assert sources(whole) == len(text)
    return spoken(whole)


MARKDOWN = [
    ("**您好**，这是*重点*和***要点***。", "您好，这是重点和要点。"),
    ("__注意__：_重点_", "注意：重点"),
    ("按*这里*，*100*元，以*十分诚恳的一种态度来请您谅解*", "按这里，100元，以十分诚恳的一种态度来请您谅解"),
    ("~~原价~~现价", "原价现价"),
    ("# 标题\n内容", "标题。内容"),
    ("##标题\n内容", "标题。内容"),
    ("标题\n===\n内容", "标题，内容"),
    ("第一段\n\n第二段", "第一段。第二段"),
    ("一句。\n\n\n二句。", "一句。二句。"),
    ("One line\nand another.\n\nNext.", "One line, and another. Next."),
    ("需要：\n- 身份证\n* 户口本\n+ 照片\n• 回执", "需要：身份证。户口本。照片。回执"),
    ("- [ ] 任务\n- [x] 完成", "任务。完成"),
    (
        "1. 打开\n2) 登录\n3、付款\n（4）收货\n(5) 评价\n⑥ 结束",
        "第一，打开。第二，登录。第三，付款。第四，收货。第五，评价。第六，结束",
    ),
    ("1️⃣ 登录\n10. 付款\n21. 完", "第一，登录。第十，付款。第二十一，完"),
    ("1、打开；2、登录；3、付款", "第一，打开；第二，登录；第三，付款"),
    ("请带：（1）护照；（2）照片。电话：(21)6789", "请带：第一，护照；第二，照片。电话：(21)6789"),
    ("时间：1、3、5日；12、", "时间：1、3、5日；12、"),
    ("Steps here:\n1. Open it\n2. Close it", "Steps here: First, Open it. Second, Close it"),
    ("> 引用\n>> 又引用\n\n---\n完", "引用，又引用。完"),
    ("用`pip install`安装，``a`b``", "用pip install安装，a`b"),
    ("代码：\n```python\nprint('*x*')\n```\n完", "代码：这里有一段代码。完"),
    ("The code is:\n~~~\nls\n~~~\nDone.", "The code is: There is some code here. Done."),
    ("如下：\n\n| 名称 | 价格 |\n|:--|--:|\n| 苹果 | 5元 |\n\n请看。", "如下：这里有一张表格。请看。"),
    ('见[官网](https://a.com/x_(y)_z "t")和[这里][ref]。', "见官网和这里。"),
    ("见[官网](a)，[重要][通知]不变", "见官网，[重要][通知]不变"),
    ("图：![一只猫](data:image/png;base64,AAAA)。", "图：。"),
    ("据报道[1]，确实[2,3]如此[^4]。\n\n[1]: https://a.com\n[^4]: 注", "据报道，确实如此。"),
    ("见<https://a.com/x_y>或<me@a.com>", "见https://a.com/x_y或me@a.com"),
    ("\\*不是\\*强调 \\# 也不是", "*不是*强调 # 也不是"),
]

OTHER = [
    ("好<br>的<b>粗</b><p class='x'>段</p>", "好，的粗。段。"),
    ("A &amp; B&nbsp;C &lt;b&gt; &#39;&#x27;", "A & B C <b> ''"),
    ("<!-- 注释 -->好", "好"),
    ("<think>\n用户想要<b>…\n</think>\n\n您好", "您好"),
    ("用户想查。</think>您好", "用户想查。您好"),
    ('<tool_call>\n{"name": "x", "arguments": {}}\n</tool_call>好的', "好的"),
    ('{"name": "get", "arguments": {"a": "}\\"]"}}\n好的', "好的"),
    ("✿FUNCTION✿: get\n✿ARGS✿: {}\n✿RETURN✿: 好的", "好的"),
    ("<｜tool▁calls▁begin｜>abc<｜tool▁calls▁end｜>好<|im_end|>", "好"),
    ("由$E=mc^2$得，\\(\\frac{1}{2}\\)，$$a+b$$，\\[x_1 \\le 3\\]", "由E等于mc的平方得，二分之一，a加b，x一小于等于三"),
    ("3 \\times 4，\\frac{1}{2}，\\begin{equation}a=b\\end{equation}", "3 乘以 4，二分之一，a等于b"),
    ("大于$0.8$，小于$1$；花费$5或$8", "大于零点八，小于一；花费$5或$8"),
    ("The formula is simply $x^2$.", "The formula is simply x squared."),
    ("好的😀👍🏽👩‍💻🇨🇳☎️™", "好的"),
    ("好的(^_^)，谢谢(≧▽≦)ノ :) 再见（笑）", "好的，谢谢  再见"),
    ("（停顿两秒）您好[pause] *smiles warmly* 请讲【叹气】", "您好  请讲"),
    ("据【3†source】【1:0†a.pdf】说", "据说"),
    ("零\u200b宽\ufeff和\x07控制", "零宽和控制"),
    ("首页→设置→账号", "首页，设置，账号"),
]

NOT_MARKUP = [
    "a * b * c",
    "2**10 和 2*3*4",
    "138****5678",
    "snake_case 和 a__b",
    "5 < 6，x<y，a<b 且 c>d",
    "<姓名>",
    "$5 and $6, $1,000.50, $5-$6, 30$",
    "R&D；AT&T；a&b;",
    "3~5天，好的~",
    "区间[0, 1)内，arr[0]",
    "[重要]通知【重要】",
    "(注意)（见附件）（含税）",
    "C:\\new\\times",
    "#话题# #1",
    "-5度 +86 3.5公里",
    "2024. 年",
    "1.5倍",
    "https://a.com/foo_bar*x*y",
    "me_too@a.com",
    "|x| < 5",
    "9:30",
    "（玩笑话）",
    "(a^2) (>=) (x-x)",
    "TCL 和 T恤",
    "说：“好”",
    "A|B",
    "{姓名}您好",
    "100%",
    "x^2",
    "Q: 1+1=2",
    "“引用”",
    "±3℃",
    "按*返回上一级，按#重听",
    "请按*号键或*键",
    "请按*或#",
    "按“*”返回。",
    "拨打*#06#，发送*100*2#",
    "以*结束",
    "a == b",
]


@pytest.mark.parametrize(("text", "expected"), MARKDOWN + OTHER, ids=repr)
def test_what_is_written_for_the_eye_is_not_spoken(text: str, expected: str) -> None:
    assert said(text) == expected


@pytest.mark.parametrize("text", NOT_MARKUP)
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert said("见 " + text) == "见 " + text


@pytest.mark.parametrize(
    ("settings", "text", "expected"),
    [
        ({"tables": "skip"}, "a：\n| b | c |\n|--|--|\n| d | e |\n完", "a：完"),
        ({"tables": "read"}, "价目：\n| 名 | **价** |\n|--|--|\n| 果 | 5元 |\n完", "价目：名，价。果，5元。完"),
        ({"table_sentence": "请看短信。"}, "a：\n| b |c|\n|--|--|\n完", "a：请看短信。完"),
        ({"code": "skip"}, "a：\n```\nls\n```\n完", "a：完"),
        ({"code": "read"}, "a：\n```\nls -l\n```\n完", "a：ls -l, 完"),
        ({"code_sentence": "代码略。"}, "```\nls\n```", "代码略。"),
        ({"formulas": "skip"}, "由$x^2$得", "由得"),
        ({"formulas": "announce"}, "由$x^2$得", "由这里有一个公式得"),
        ({"lists": "numbers"}, "1. 甲\n2. 乙", "1. 甲。2. 乙"),
        ({"images": "say"}, "![一只猫](a.png)", "一只猫"),
        ({"stage_directions": "say"}, "（笑）好 :) (^_^)", "（笑）好 :) (^_^)"),
        ({"language": "en"}, "1. Hi", "First, Hi"),
    ],
)
def test_a_profile_says_what_is_announced_skipped_and_read(
    settings: dict[str, object], text: str, expected: str
) -> None:
    assert said(text, **settings) == expected


@given(cut())
def test_where_the_tokens_are_cut_changes_nothing_and_every_character_is_accounted_for(
    case: tuple[str, list[str]],
) -> None:
    text, tokens = case
    whole = streamed(lambda: Markup(READING), [text])
    assert streamed(lambda: Markup(READING), tokens) == whole
    assert streamed(lambda: Markup(READING), list(text)) == whole
    assert sources(whole) == len(text)


@pytest.mark.parametrize("token", ["您好", "，", "请讲", "Sure", "!", "Hello", ",", "好的，我", " there"])
def test_plain_words_are_not_held_back(token: str) -> None:
    markup = Markup(READING)
    markup.feed("好a" if token == "!" else "好")
    assert spoken(markup.feed(token)) == token


HOSTILE = [
    "[",
    "(",
    "（",
    "<",
    "<a ",
    "$",
    "$x",
    "`",
    "*",
    "**a",
    "_",
    "#",
    "> ",
    "|",
    "\n|a|",
    "&",
    "\\",
    "\\frac{",
    "![",
    "[a](",
    "{",
    '{"name":',
    "【",
    "\n```\n",
    "$$",
    "\\(",
    ":",
    "T",
    "- ",
    "1. ",
    "<think>",
    "[a ",
    "*a ",
    "-",
    "\n",
]


@pytest.mark.parametrize("part", HOSTILE, ids=repr)
def test_hostile_text_costs_no_more_per_character_and_needs_no_stack(part: str) -> None:
    def seconds(times: int, step: int) -> float:
        text = part * times
        began = time.thread_time()
        atoms = streamed(lambda: Markup(READING), [text[at : at + step] for at in range(0, len(text), step)])
        took = time.thread_time() - began
        assert sources(atoms) == len(text)
        return took / len(text)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(240)
    try:
        few = min(seconds(500, 10**6) for _ in range(3))
        assert min(seconds(10_000, 10**6) for _ in range(2)) < 4 * few + 5e-6
        assert min(seconds(3_000, 1) for _ in range(2)) < 60e-6
    finally:
        sys.setrecursionlimit(limit)


def test_what_is_held_back_is_bounded() -> None:
    for part in HOSTILE:
        markup = Markup(READING)
        given = sum(sources(markup.feed(part)) for _ in range(3000))
        assert len(part) * 3000 - given <= 1100, part
