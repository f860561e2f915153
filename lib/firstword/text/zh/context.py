"""What the Chinese before a number and behind it says of it: that it is dictated, that it is counted, whether its 2 is 两. [pure]

Each question is answered by one search in a few characters. A gap between the word that tells and the number is made of words that
say nothing themselves (是, 为, 请输入), so that in 订单共 3 件 the 3 is no code.
"""

from __future__ import annotations

import re

from ..phrases import listed

_GAP = r"(?:[:\s是为叫的您我你请按拨打输入填写说“\"「『'‘(#№号码]|分别|就是|应该|结尾){0,9}(?:[0-9]{2,12}(?:[、和或/]|以及) ?){0,3}$"
_CODE = re.compile(
    r"(?:订单|[单编卡账帐车型工学座房案票证文批货流户税代序]号|号码|[代编条密提取校邀兑核券]码|[验取动识优激授]\w{0,3}码|口令|尾号|[末后][四六4六]位|账户"
    r"|保单|运单|快递单?|物流单?|包裹|工单|发票|流水|身份证|护照|驾照|社保卡|银行卡|信用卡|储蓄卡|会员卡|档案|合同|航班|车次|车牌|手机|电话|座机|热线|传真|总机|分机|专线"
    r"|客服|拨打|致电|拨|呼叫|来电|回电|报警|QQ|qq|微信|邮编|邮政编码|密码|房间|机身|序列|串号|IMEI|ID|id|SN|型号|PIN|pin|代号|客户号|门牌|参考号|会员号|转"
    r"|[Oo]rder|[Rr]oom|[Nn]umber|[Ff]light|[Cc]ode|[Gg]ate|No\.?)" + _GAP
)
_AMOUNT = re.compile(
    r"(?:[总共约达超过满有价额费用量数积距长宽高重近逾计至第需付款]|大约|接近|余额|不到|不足|只要|收取|库存|到了|降到|升到)[:\s是为]{0,3}$"
)
_SCORE = re.compile(
    r"(?:比分|战成|踢成|打成|比数|赛果|总分|大胜|险胜|战胜|战平|击败|落后|领先|比赛|半场|全场|负于|逼平|比例|配比|比率|兑换?|赔率|大战|[主客]队)"
    r"[^，。！？；0-9]{0,6}$"
)
_TEAMS = listed("""
    中国 | 国足 | 日本 | 韩国 | 朝鲜 | 泰国 | 越南 | 伊朗 | 沙特 | 卡塔尔 | 阿联酋 | 澳大利亚 | 巴西 | 阿根廷 | 乌拉圭 |
    墨西哥 | 美国 | 加拿大 | 德国 | 法国 | 英格兰 | 西班牙 | 意大利 | 葡萄牙 | 荷兰 | 比利时 | 克罗地亚 | 瑞士 | 瑞典 | 丹麦 | 波兰 |
    俄罗斯 | 土耳其 | 摩洛哥 | 巴萨 | 皇马 | 曼联 | 曼城 | 拜仁 | 国安 | 申花 | 恒大 | 泰山
""")
_TEAM = re.compile(rf"(?:{'|'.join(_TEAMS)})(?:[男女][足篮排])?队?$")
_OF_A_MATCH = tuple({team[:2] for team in _TEAMS} | set("，。、；！？,.;!?)）”」不输负胜落战平惜告击领憾"))
"""Behind a score that is only a team's by the name before it."""
_BY_A_SCORE = re.compile(r"[以按][^，。！？；0-9]{0,3}$")
_SCORE_AFTER = (
    "获胜",
    "战胜",
    "领先",
    "击败",
    "大胜",
    "险胜",
    "落后",
    "取胜",
    "战平",
    "逼平",
    "负于",
    "告负",
    "惜败",
    "胜出",
    "配比",
    "的比例",
    "的比分",
)
_DATE = re.compile(
    r"(?:日期|生日|时间|截至|截止|到期|有效期|入住|离店|出发|预约|下单|发货|揽收|送达|签收|到货|今天|明天|昨天|星期.|周.|日(?=\())"
    r"[:\s是为于在到至(]{0,3}(?:\d{1,2}/\d{1,2}[、,和] ?){0,3}$",
    re.ASCII,
)
_LASTS = re.compile(r"(?:时长|用时|耗时|历时|总长|持续|剩余时间|倒计时)[^，。！？；0-9]{0,4}$")
_VERSION = re.compile(
    r"(?:版本号?|系统|升级[到至为]?|更新[到至为]?|固件|iOS|Android|安卓|鸿蒙|HarmonyOS|Windows|macOS|Python|Java|App|[vV]er(?:sion)?\.?|[vV])"
    r"[:\s是为]{0,3}$"
)
_DIALLED = re.compile(
    r"(?:拨打|拨|致电|电话|热线|报警|呼叫|打|客服|号码|短号|急救|火警|联系|回复|发送|短信)[:\s是为到至(“\"]{0,3}"
    r"(?:[0-9-]{3,13}(?:或者?|[、，和/]|以及) ?){0,3}$"
)
_PRESSURE = re.compile(r"(?:血压|压差)[^，。！？；0-9]{0,5}$")
_FLOOR = re.compile(r"(?:在|位于|到|去|上|往|地下|负|住)\s?$")

COUNTED = frozenset(
    "个位件天次种条家岁块元角毛分里公克斤吨米度人份台张万千百亿层名本小周秒倍辆只头匹间套双瓶盒箱袋包杯桶罐页篇首部架艘"
    "列棵株朵颗粒根枝片串碗盘桌餐顿晚场届轮步户厘毫平立升磅亩公英海寸尺余多美欧日港韩人回下遍趟字例股笔期款成折项座门支句站对"
)
"""What follows an amount, however long it is."""
_TWO = frozenset(
    "个位件天次种条家年岁块元角毛分里公克斤吨米人份台张万千百亿名本小周秒倍辆只头匹间套双瓶盒箱袋包杯桶罐页篇首部架艘点"
    "列棵株朵颗粒根枝片串碗盘桌餐顿场轮步户厘毫平升磅亩英海尺站成回遍趟封扇把面座门支句幅则项笔股例者国地侧边性方对大"
    "晚夜款组批节针滴丸样副单"
)
_NO_TWO = ("年级", "晚上", "单元", "大道", "分之", "部曲", "次元", "次方")


def is_code(text: str, at: int) -> bool:
    """Whether what stands before `at` names a number that is dictated: 订单号是, 尾号, 请拨打, 尾号 1024 和."""
    return _CODE.search(text, max(0, at - 32), at) is not None


def is_amount(text: str, at: int) -> bool:
    """Whether it says how much or how many there is."""
    return _AMOUNT.search(text, max(0, at - 8), at) is not None


def is_score(text: str, at: int, behind: str = "") -> bool:
    """Whether two numbers there are compared: 比分 3:2, 3-0 获胜."""
    return (
        _SCORE.search(text, max(0, at - 14), at) is not None
        or _BY_A_SCORE.search(text, max(0, at - 4), at) is not None
        or behind.startswith(_SCORE_AFTER)
    )


def is_of_a_team(text: str, at: int, behind: str) -> bool:
    """Whether 1-2 is the score of a country or a club: 中国 1-2, but 中国 1-2 天."""
    likely = not behind or behind.startswith(_OF_A_MATCH)
    return likely and _TEAM.search(text[max(0, at - 12) : at].rstrip(" ")) is not None


def is_date(text: str, at: int) -> bool:
    """Whether a date is spoken of: 生日 3/5."""
    return _DATE.search(text, max(0, at - 24), at) is not None


def lasts(text: str, at: int) -> bool:
    """Whether a duration follows: 时长 1:05."""
    return _LASTS.search(text, max(0, at - 10), at) is not None


def is_version(text: str, at: int) -> bool:
    """Whether the version of something follows: 版本 3.10."""
    return _VERSION.search(text, max(0, at - 14), at) is not None


def is_dialled(text: str, at: int) -> bool:
    """Whether a short number that follows is a telephone's: 拨打 110 或 120."""
    return _DIALLED.search(text, max(0, at - 32), at) is not None


def is_pressure(text: str, at: int) -> bool:
    """Whether 120/80 there are two numbers and no fraction."""
    return _PRESSURE.search(text, max(0, at - 10), at) is not None


def two(text: str, begin: int, behind: str) -> str:
    """What a lone 2 at `begin` is called before `behind`."""
    before = text[begin - 1] if begin else ""
    if not behind or before == "第" or behind.startswith(_NO_TWO):
        return "二"
    if behind[0] in "百千万亿":
        return "二" if before and before in "十百千万亿零" else "两"
    if behind[0] == "层":
        return "二" if _FLOOR.search(text, max(0, begin - 4), begin) else "两"
    return "两" if behind[0] in _TWO else "二"
