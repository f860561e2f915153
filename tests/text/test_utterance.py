"""Whether a caller who pauses has finished."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.text.utterance import Ending, ending

HELP = "您好，请问有什么可以帮您？"
MOBILE = "请问您的手机号是多少？"
IDENTITY = "请说您的身份证号码。"
CODE = "请说六位验证码。"
ORDER = "好的。请提供一下您的订单号。"
INVOICE = "请问您需要发票吗？"
RIGHT = "您是要退货，对吗？"
MORE = "请问还有其他问题吗？"
EITHER = "您要退货还是换货？"
HOW_MANY = "请问您一共几位？"
PHONE_EN = "What is your mobile number?"
CODE_EN = "Please tell me the last four digits of your card number."
YES_NO_EN = "Do you need an invoice?"
RIGHT_EN = "You'd like to cancel the order, is that right?"

FINISHED, OPEN, UNFINISHED, DICTATING = Ending

# What the caller said; how it ends when the bot has asked nothing in particular.
SAID = {
    FINISHED: """
        周末可以送货吗？
        周末可以送货吗
        那送到北京要多少钱？
        那送到北京要多少钱
        你好，我想查一下我的快递什么时候能到？
        你好我想查一下我的快递什么时候能到
        然后呢？
        那怎么办呢
        我应该怎么办
        你们几点上班？
        这个是什么意思
        到底发货了没有
        这样操作行不行
        喂，能听到我说话吗
        为什么我的订单还没发货呢
        你们是不是下班了？
        谢谢。
        谢谢
        好的谢谢
        好的，谢谢，再见。
        不用了，谢谢
        那就这样吧
        没有其他的了，谢谢您
        好拜拜
        帮我查一下订单。
        我想查一下上个月的话费账单。
        麻烦帮我改一下收货时间。
        我的快递没到，帮我查一下。
        我要退货。
        帮我取消这个订单吧
        那就改到明天下午吧
        转人工
        人工服务
        我要转人工客服
        帮我转人工吧
        麻烦再说一遍
        我没听清楚
        13812345678
        13812345678。
        幺三八幺二三四五六七八
        一三八 一二三四 五六七八
        我的手机号是138，1234，5678。
        嗯，我的电话号码是13812345678
        我的手机尾号是3385
        what time do you open?
        How much does it cost to ship to Beijing?
        Can you track my order, please
        I'd like to check my order.
        I want to return a jacket that I bought last week.
        Do you deliver on weekends?
        thank you
        No thanks, that's all.
        okay bye
        I want to speak to a human
        Could you say that again please
        When will my package arrive.
        where is it from?
        谢谢啊
        请问你们营业到几点？
        我的退款到账了没
    """,
    OPEN: """
        不对
        the order is ok
        我想查一下订单
        帮我查一下订单
        就是这个
        好的
        嗯
        对
        是的
        你好
        喂
        我要退
        我想换个颜色
        我的快递还没到
        我昨天买了一件衣服
        我昨天买了一件衣服。
        明天下午
        三点
        三百
        三百五
        我要三张
        在2024
        大概500
        我住在北京市海淀区
        如果明天不到我就退款
        如果明天还不到的话我就不要了
        改一下时间，因为我明天不在家
        我不想要
        我也是
        我在
        我收到了
        还没收到
        他还没给
        给我两把
        现在
        要这个
        费用
        审核通过
        我现在不方便
        等一下，我换个问题。
        我听不清你说的话
        没什么特别
        为什么
        什么时候
        你知道吗
        我想查一下订单号。
        帮我看一下我昨天。
        周三
        第一
        订单
        查一下我的
        ok
        yes
        my order
        I bought a jacket
        I bought a jacket.
        I think so
        yes I can
        it is
        who is it from
        can you track my order
        sure
        no
        不是
        它是蓝色的
        昨天下午三点
        我把手机关了
        我的手机坏了
        我的快递
        把地址改一下
        拿了一把
        我要两把
        从北京到上海
        这件事情说来话长
        很好
        三点零五
        三点一四一五
        帮我找一家评分在4.
        周末
        the day after tomorrow
        two of them
        how much
    """,
    UNFINISHED: """
        帮我约今天下午三点，不对
        八零五，哦不是
        八零五哦不是
        送到家里吧，啊，我是说
        tomorrow at three, no wait
        to Boston, sorry
        我想查一下
        我想查一下。
        你好，我想查一下
        喂你好我想咨询一下
        帮我查一下
        我想问问
        麻烦你帮我看一下
        因为
        然后
        然后。
        就是
        那个
        嗯那个
        但是
        就是说
        好的我想
        好的，我
        我
        我现在
        我想
        我要
        我还想
        我需要
        我觉得
        我的
        我的手机号
        我的手机号是
        我的订单号是
        你们
        你们能不能
        请问
        请问一下
        麻烦您
        不好意思，请问
        我的包裹还没到，然后
        我昨天买了一件衣服，但是
        我昨天买了一件衣服，
        我买了两件衣服、
        因为我明天不在家
        如果
        如果明天不到
        如果明天不到的话
        如果方便的话
        要是下雨
        虽然便宜
        我到家的时候
        我想把
        我想把我的快递
        把收货地址
        我想给
        我要改到
        从北京到
        我的地址是
        我住在
        和
        我跟
        我想跟你们
        三百零
        一千零
        百分之
        我要两
        我大概买了十几
        第
        非常
        这个很
        我的快递什么时候能
        我应该怎么
        他跟我说
        我觉得吧
        其实呢
        所以
        还有
        比如说
        等一下
        稍等一下
        你等我一下
        我找一下
        让我想想
        我看一下
        嗯我看看啊
        我想说的是
        我买的那个
        关于
        我们
        他
        另外
        我主要是
        and
        because
        my number is
        my phone number
        I want
        I want to
        I need
        I'd like to
        I was wondering
        can you
        could you please
        Hello, I'm calling about
        I bought a jacket and
        I bought a jacket, and then
        I bought a jacket,
        um
        so
        the problem is
        if it doesn't arrive tomorrow
        because I won't be home
        hold on
        let me check
        one moment please
        wait
        I have
        it's
        what is
        how do I
        I think
        I ordered it on the
        well
        yeah but
        the red one or the
        let me
    """,
    DICTATING: """
        订单号是SF
        单号 S F
        my order number is S F
        1381234
        138
        幺三八
        一三八一二三四
        138，1234，
        138 1234 嗯
        我的手机号是138
        我的手机号是幺三八幺二三四五
        我的电话是1381234567
        订单号是20240315
        我的订单号是A12345678
        验证码是12
        验证码是1234
        身份证号是110101199003
        我的订单123456
        尾号是33
        one three eight
        my number is one three eight
        my order number is 4 5 6
        my phone number is 138 1234
        one double three
        13010219900
        110101199003071234
        我说一下啊，幺三八幺二三
    """,
}

# What the bot said last; what the caller said; how it ends.
ANSWERED = [
    (MOBILE, "1", DICTATING),
    (MOBILE, "138", DICTATING),
    (MOBILE, "幺三八", DICTATING),
    (MOBILE, "嗯，138", DICTATING),
    (MOBILE, "1381234567", DICTATING),
    (MOBILE, "13812345678", FINISHED),
    (MOBILE, "13812345678。", FINISHED),
    (MOBILE, "13812345678，", OPEN),
    (MOBILE, "13812345678嗯", OPEN),
    (MOBILE, "138123456789", OPEN),
    (MOBILE, "03812345678", OPEN),
    (MOBILE, "138 1234 5678", FINISHED),
    (MOBILE, "幺三八 幺二三四 五六七八", FINISHED),
    (MOBILE, "是幺三八，嗯，幺二三四，五六七八", FINISHED),
    (MOBILE, "不是138，是139", DICTATING),
    (MOBILE, "不是13812345678", OPEN),
    (MOBILE, "138，1234，5678，不对，5679", DICTATING),
    (MOBILE, "好的", UNFINISHED),
    (MOBILE, "嗯", UNFINISHED),
    (MOBILE, "好的，我的手机号是", UNFINISHED),
    (MOBILE, "我的订单号是13812345678", DICTATING),
    (MOBILE, "我没有手机", OPEN),
    (MOBILE, "等一下，我找一下", UNFINISHED),
    (MOBILE, "两", DICTATING),
    ("请说您的电话号码", "010", DICTATING),
    ("请说您的电话号码", "01064035547", FINISHED),
    ("请说您的电话号码", "0101234", DICTATING),
    ("请说您的电话号码", "07551234567", OPEN),
    ("请说您的电话号码", "075512345678", FINISHED),
    ("请说您的电话号码", "64035547", OPEN),
    ("请说您的电话号码", "13812345678", FINISHED),
    ("请说您的姓名和手机号。", "13812345678", OPEN),
    ("请说您的手机号后四位。", "567", DICTATING),
    ("请说您的手机号后四位。", "5678", FINISHED),
    (IDENTITY, "110101", DICTATING),
    (IDENTITY, "13010219900", DICTATING),
    (IDENTITY, "11010119900307123", DICTATING),
    (IDENTITY, "110101199003071234", FINISHED),
    (IDENTITY, "11010119900307123X", FINISHED),
    (IDENTITY, "一一零一零一一九九零零三零七一二三叉", FINISHED),
    (IDENTITY, "一一零一零一 一九九零 零三零七 一二三四。", FINISHED),
    (CODE, "123", DICTATING),
    (CODE, "12345", DICTATING),
    (CODE, "123456", FINISHED),
    (CODE, "一二三四五六", FINISHED),
    (CODE, "一二三，四五六", FINISHED),
    (CODE, "验证码是123", DICTATING),
    (CODE, "验证码是123456。", FINISHED),
    (CODE, "我没收到验证码", OPEN),
    ("请问验证码是多少？", "1234", DICTATING),
    ("请问验证码是多少？", "123456", OPEN),
    (ORDER, "20240315", DICTATING),
    (ORDER, "13812345678", DICTATING),
    (ORDER, "订单号是1234", DICTATING),
    (ORDER, "一百二十三", OPEN),
    (ORDER, "four five oh", DICTATING),
    (
        "What is your ID card number?",
        "one one zero one zero one one nine nine zero zero three zero seven one two three x",
        FINISHED,
    ),
    ("请说您的银行卡号。", "6222021234567890", OPEN),
    ("请说您的银行卡号。", "6222021234567890123", FINISHED),
    ("请说您的银行卡号。", "62220212345", DICTATING),
    (INVOICE, "需要", FINISHED),
    (INVOICE, "好的", FINISHED),
    (INVOICE, "嗯", FINISHED),
    (INVOICE, "嗯嗯", FINISHED),
    (INVOICE, "是的。", FINISHED),
    (INVOICE, "对，是的", FINISHED),
    (INVOICE, "要", FINISHED),
    (INVOICE, "不用了", FINISHED),
    (INVOICE, "不需要", FINISHED),
    (INVOICE, "不用，谢谢", FINISHED),
    (INVOICE, "需要发票", FINISHED),
    (INVOICE, "不需要发票", FINISHED),
    (INVOICE, "需要，", UNFINISHED),
    (INVOICE, "需要，但是", UNFINISHED),
    (INVOICE, "好的我想", UNFINISHED),
    (INVOICE, "不", FINISHED),
    (INVOICE, "嗯？", OPEN),
    (RIGHT, "对", FINISHED),
    (RIGHT, "对的", FINISHED),
    (RIGHT, "没错", FINISHED),
    (RIGHT, "不是", OPEN),
    (RIGHT, "不对。", OPEN),
    (RIGHT, "不是，我是要", UNFINISHED),
    (RIGHT, "不是，谢谢", FINISHED),
    (MORE, "没有了", FINISHED),
    (MORE, "没有了，谢谢", FINISHED),
    (MORE, "有", OPEN),
    (MORE, "还有", UNFINISHED),
    (HELP, "你好", OPEN),
    (HELP, "嗯", OPEN),
    (HELP, "好的", OPEN),
    (EITHER, "换货", FINISHED),
    (EITHER, "退货。", FINISHED),
    (EITHER, "我要换货", FINISHED),
    (EITHER, "那就退货吧", FINISHED),
    (EITHER, "我要", UNFINISHED),
    (EITHER, "货", OPEN),
    (HOW_MANY, "三位", FINISHED),
    (HOW_MANY, "三个人。", FINISHED),
    (HOW_MANY, "大概十个人", FINISHED),
    (HOW_MANY, "三", OPEN),
    (HOW_MANY, "5", OPEN),
    ("您想约几点？", "下午三点半", FINISHED),
    ("您想约几点？", "下午三点", OPEN),
    ("已经为您登记。", "好的", OPEN),
    ("已经为您登记。", "好的，谢谢", FINISHED),
    ("您的手机号是13812345678，对吗？", "对", FINISHED),
    ("您的手机号是13812345678，对吗？", "不对，是139", DICTATING),
    ("您的手机号是13812345678，对吗？", "不对，是13912345678", FINISHED),
    ("请您说一下手机号，谢谢。", "138", DICTATING),
    ("能提供一下您的手机号吗？", "可以", UNFINISHED),
    ("能提供一下您的手机号吗？", "不方便", FINISHED),
    (PHONE_EN, "one three eight one two three four", DICTATING),
    (PHONE_EN, "it's one three eight one two three four five six seven eight", FINISHED),
    (PHONE_EN, "yes", UNFINISHED),
    (CODE_EN, "one two three", DICTATING),
    (CODE_EN, "one double two four", FINISHED),
    (CODE_EN, "1234", FINISHED),
    (CODE_EN, "let me see", UNFINISHED),
    (YES_NO_EN, "yes", FINISHED),
    (YES_NO_EN, "Yeah, sure.", FINISHED),
    (YES_NO_EN, "no", FINISHED),
    (YES_NO_EN, "no thank you", FINISHED),
    (YES_NO_EN, "yes but", UNFINISHED),
    (YES_NO_EN, "yes and I'd like", UNFINISHED),
    (RIGHT_EN, "that's right", FINISHED),
    (RIGHT_EN, "no", OPEN),
    (RIGHT_EN, "no I", UNFINISHED),
]

# Written after the rules were done, without looking at them; then kept.
AFTERWARDS = [
    ("", "我想问一下你们那个会员怎么续费", OPEN),
    ("", "我这边网络一直连不上", OPEN),
    ("", "你好，我的宽带从昨天晚上开始就", UNFINISHED),
    ("", "师傅说今天上午来，结果到现在都没", UNFINISHED),
    ("", "我需要开一张发票，抬头是", UNFINISHED),
    ("您需要帮您转接人工吗？", "麻烦您了", FINISHED),
    ("您需要帮您转接人工吗？", "好的，麻烦转一下", OPEN),
    ("请问您贵姓？", "我姓王", OPEN),
    ("请问您贵姓？", "免贵姓", UNFINISHED),
    ("请问您想预约哪一天？", "下周三", OPEN),
    ("请问您想预约哪一天？", "嗯，应该是下周", OPEN),
    ("请问您预留的手机号是多少？", "稍等啊我看一下手机", UNFINISHED),
    ("请问您预留的手机号是多少？", "一八六", DICTATING),
    ("请问您预留的手机号是多少？", "186 0012 3456", FINISHED),
    ("请问您预留的手机号是多少？", "是我老婆的号，幺五九", DICTATING),
    ("请问您预留的手机号是多少？", "没有预留手机号", OPEN),
    ("请说一下您身份证的后六位。", "零三", DICTATING),
    ("请说一下您身份证的后六位。", "031234", FINISHED),
    ("请问您的问题解决了吗？", "解决了", FINISHED),
    ("请问您的问题解决了吗？", "还没有解决", FINISHED),
    ("请问您的问题解决了吗？", "解决是解决了，不过", UNFINISHED),
    ("请问这个时间可以吗？", "可以可以", FINISHED),
    ("请问这个时间可以吗？", "嗯，行吧", FINISHED),
    ("请问这个时间可以吗？", "不太方便，能不能", UNFINISHED),
    ("", "你们客服电话是多少啊", FINISHED),
    ("", "能不能快一点", OPEN),
    ("", "我上个月充了两百块钱，可是", UNFINISHED),
    ("", "这个套餐一个月多少流量？", FINISHED),
    ("", "主要是想了解一下", UNFINISHED),
    ("", "行，那先这样，再见啊", FINISHED),
    ("", "hi I'm having trouble with", UNFINISHED),
    ("", "My internet has been down since yesterday.", OPEN),
    ("", "could you please reset my password?", FINISHED),
    ("", "it's the one with the", UNFINISHED),
    ("What's the best number to reach you at?", "it's five five five", DICTATING),
    ("Would you like me to send you a confirmation?", "yes please", FINISHED),
    ("Would you like me to send you a confirmation?", "sure, my email is", UNFINISHED),
    ("", "no that's everything, thank you", FINISHED),
    ("", "I was told that", UNFINISHED),
    ("", "what would happen if", UNFINISHED),
    ("您的订单号是多少？", "嗯我没记住订单号", OPEN),
    ("请问送到哪里？", "送到朝阳区", OPEN),
    ("", "我女儿的学籍要转到", UNFINISHED),
    ("", "我这个月话费怎么多扣了五十块", OPEN),
    ("", "我在你们官网下的单，可是物流一直没更新", OPEN),
    ("", "昨天给我发短信说中奖了，这个是真的吗", FINISHED),
    ("", "麻烦查一下我家的水费，户号是三三零", DICTATING),
    ("", "空调不制冷了，想报修", OPEN),
    ("", "还有一个问题，就是保修期", OPEN),
    ("", "那我什么时候可以去取呢", FINISHED),
    ("", "我想请问一下，你们那个", UNFINISHED),
    ("", "啊，没事了，谢谢你", FINISHED),
    ("", "喂，你好，听得见吗？", FINISHED),
    ("", "你刚才说的是几号", OPEN),
    ("", "能不能帮我催一下", OPEN),
    ("", "我打算下个月去日本，所以想", UNFINISHED),
    ("", "对，就是这个地址", OPEN),
    ("请问收货地址是哪里？", "浙江省杭州市西湖区", OPEN),
    ("请问收货地址是哪里？", "浙江省杭州市西湖区文三路", OPEN),
    ("请问收货地址是哪里？", "地址还是原来那个", UNFINISHED),
    ("请问您的手机号是多少？", "就是我现在打的这个号", OPEN),
    ("请问您的手机号是多少？", "幺八九，三三二二", DICTATING),
    ("请问您的手机号是多少？", "18933221100", FINISHED),
    ("请问您的手机号是多少？", "我报一下，幺八九三三二二幺幺零零", FINISHED),
    ("请问您要几张票？", "两张", FINISHED),
    ("请问您要几张票？", "两张成人的，还有", UNFINISHED),
    ("请问您是本人吗？", "我是他爱人", OPEN),
    ("请问您是本人吗？", "是本人", FINISHED),
    ("请问您是本人吗？", "对我是", UNFINISHED),
    ("您的地址是文三路九十号，对吗？", "不是九十号，是", UNFINISHED),
    ("请问还有什么可以帮您？", "没有了没有了", OPEN),
    ("请输入您的四位密码。", "八八", DICTATING),
    ("请输入您的四位密码。", "八八六六", FINISHED),
    ("请问您现在方便吗？", "方便，你说", OPEN),
    ("请问您现在方便吗？", "我在开车", OPEN),
    ("", "I'd like to know whether", UNFINISHED),
    ("", "My package says delivered but I never got it", OPEN),
    ("", "what are your opening hours", OPEN),
    ("", "could you check if", UNFINISHED),
    ("", "I'm calling because my card", OPEN),
    ("Can I have your phone number?", "sure it's zero one three", DICTATING),
    ("Would you prefer morning or afternoon?", "morning", FINISHED),
    ("Would you prefer morning or afternoon?", "uh afternoon please", OPEN),
    ("Is there anything else I can help you with?", "no that's all thank you", FINISHED),
    ("Is there anything else I can help you with?", "yes I also want to", UNFINISHED),
]

TABLE = [("", text, end) for end, texts in SAID.items() for text in map(str.strip, texts.strip().splitlines())]


@pytest.mark.parametrize(("question", "text", "end"), [*TABLE, *ANSWERED, *AFTERWARDS])
def test_the_words_tell_whether_the_caller_has_finished(question: str, text: str, end: Ending) -> None:
    assert ending(text, question) is end


@pytest.mark.parametrize("text", [text for _, text, end in TABLE if end is UNFINISHED])
def test_a_full_stop_of_the_recogniser_finishes_nothing_that_goes_on(text: str) -> None:
    assert ending(text.rstrip("，、。,.") + "。") is not FINISHED
    assert ending(text.rstrip("，、。,.") + ".") is not FINISHED


@pytest.mark.parametrize("text", [text for _, text, _ in TABLE])
def test_a_comma_is_never_an_end(text: str) -> None:
    assert ending(text.rstrip("，、。？！,.?!") + "，") is not FINISHED


WRITTEN = st.sampled_from(["0123456789", "零一二三四五六七八九", "〇幺两三四五六七八九"])
BREATHS = st.sampled_from(["", "", "", " ", "，", "。", "嗯", "，嗯，", "、", "那个"])


@given(
    st.sampled_from(["", "嗯", "我的手机号是", "好的，", "是", "呃那个", "不对，是"]),
    st.lists(st.tuples(st.integers(0, 9), BREATHS), min_size=1, max_size=10),
    WRITTEN,
    st.sampled_from(["", "。", "，", "？", "嗯"]),
)
def test_a_mobile_number_is_never_finished_before_its_eleventh_digit(
    before: str, digits: list[tuple[int, str]], written: str, after: str
) -> None:
    text = before + "".join(written[digit] + breath for digit, breath in digits) + after
    assert ending(text, MOBILE) is not FINISHED


@given(st.text("0123456789", min_size=9, max_size=9), WRITTEN, st.sets(st.integers(1, 10)), st.sampled_from(["", "。"]))
def test_with_its_eleventh_digit_it_is_however_it_was_cut(rest: str, written: str, cuts: set[int], after: str) -> None:
    digits = [written[int(digit)] for digit in "13" + rest]
    text = "".join(digit + "，" * (at + 1 in cuts) for at, digit in enumerate(digits)).rstrip("，") + after
    assert ending(text, MOBILE) is FINISHED


@given(st.text("0123456789", min_size=1, max_size=30))
def test_an_order_number_is_never_finished(digits: str) -> None:
    assert ending(digits, ORDER) in (DICTATING, OPEN)


@given(st.text(st.characters()), st.text(st.characters()))
def test_no_text_is_too_odd(text: str, question: str) -> None:
    assert ending(text, question) in Ending


@given(st.text(st.sampled_from("我你想要把是的吗呢吧了嗯就不1一两百零，。？x .ok请问如果因为谢好"), max_size=40))
def test_blanks_around_it_change_nothing(text: str) -> None:
    assert ending(f" {text} ") is ending(text)


def test_a_long_story_is_judged_by_its_end() -> None:
    story = "我昨天买了一件衣服，" * 5_000
    assert ending(story + "然后") is UNFINISHED
    assert ending(story + "请问能退吗") is FINISHED
    assert ending(story + "我的手机号是1381234") is DICTATING
