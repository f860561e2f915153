"""What the bot has asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.text.dictation import Kind, Number, number_in
from firstword.text.question import Asked, asked, asks


@pytest.mark.parametrize(
    "text",
    [
        "您好，请问有什么可以帮您？",
        "您需要发票吗",
        "您要退货还是换货",
        "您要退货还是换货呢？",
        "这样可以吗？",
        "您是张先生，对吗",
        "您是张先生吧",
        "请说您的手机号。",
        "请输入六位验证码",
        "请问您贵姓",
        "麻烦您报一下订单号。",
        "请告诉我您的地址，谢谢。",
        "请说您的手机号。谢谢！",
        "订单到了没有",
        "您还有别的问题么",
        "您看是不是这个",
        "请问几位",
        "明天上午呢？",
        "您好，您还在吗？",
        "“这样可以吗？”",
        "What is your phone number?",
        "what is your phone number",
        "Could you tell me your name, please?",
        "Please enter the code.",
        "Is that right?",
        "You'd like a refund, right?",
        "Thanks. May I have your order number, please?",
        "How can I help you",
    ],
)
def test_a_question_wants_an_answer(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "。",
        "好的，已经为您办理。",
        "请稍等。",
        "请放心。",
        "没什么问题。",
        "您的订单已经发货了。",
        "您可以随时联系我们，再见。",
        "感谢您的来电，再见。",
        "请问您的手机号是多少？我帮您查一下。",
        "要么明天，要么后天。",
        "就这么办",
        "Your order has shipped.",
        "Thank you, goodbye.",
        "I will check that for you.",
        "I know what you mean.",
    ],
)
def test_a_statement_does_not(text: str) -> None:
    assert not asks(text)


def test_what_was_asked_is_known_by_its_kind() -> None:
    assert asked("好的。您要发票吗？") == Asked("您要发票吗", yes_no=True)
    assert asked("您是要退货，对吗？").verifies
    assert not asked("您还是要退货吗？").verifies
    assert asked("还有其他问题吗？").invites
    assert asked("您一共几位？").quantity
    assert not asked("已经办好了。").sentence
    assert asked("Do you need an invoice?").yes_no
    assert asked("You'd like a refund, is that right?").verifies
    assert not asked("What is your name?").yes_no


def test_a_question_counts_when_a_sentence_follows_it_and_not_when_two_do() -> None:
    assert asked("您的手机号是多少？我帮您查一下。").dictate
    assert not asked("您的手机号是多少？我帮您查一下。请稍等。").dictate


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("请问您的手机号是多少？", Number(Kind.MOBILE)),
        ("请说您的电话号码。", Number(Kind.PHONE)),
        ("请说身份证号码。", Number(Kind.IDENTITY)),
        ("请说您的十八位身份证号。", Number(Kind.IDENTITY)),
        ("请输入11位手机号", Number(Kind.MOBILE)),
        ("请说身份证后四位", Number(Kind.COUNTED, 4)),
        ("请说手机尾号", Number(Kind.COUNTED, 4)),
        ("请输入六位验证码。", Number(Kind.COUNTED, 6)),
        ("请输入6位数字密码。", Number(Kind.COUNTED, 6)),
        ("请说验证码", Number(Kind.CODE)),
        ("请说银行卡号", Number(Kind.BANK_CARD)),
        ("请提供订单号", Number(Kind.OTHER)),
        ("请提供手机号或者身份证号", Number(Kind.OTHER)),
        ("请说一下号码", Number(Kind.ANY)),
        ("请问您几位？", None),
        ("请问是哪位？", None),
        ("这位先生您好，请问怎么称呼？", None),
        ("您方便接电话吗？", None),
        ("What is your mobile number?", Number(Kind.MOBILE)),
        ("Please say the last four digits of your card number.", Number(Kind.COUNTED, 4)),
        ("Please enter your six-digit code.", Number(Kind.COUNTED, 6)),
        ("What is your order number?", Number(Kind.OTHER)),
        ("What is the number of tickets?", None),
    ],
)
def test_the_number_that_is_asked_for_has_a_kind_and_a_length(question: str, number: Number | None) -> None:
    assert asked(question).number == number


def test_to_a_question_about_a_number_the_answer_is_yes_or_no() -> None:
    assert asked("能提供一下您的手机号吗？").dictate
    assert not asked("您的手机号是13812345678，对吗？").dictate
    assert asked("您的手机号是13812345678，对吗？").number == Number(Kind.MOBILE)


@given(st.text(st.characters()))
def test_no_text_is_too_odd(text: str) -> None:
    assert not asks(text) or asked(text).sentence
    number_in(text)
