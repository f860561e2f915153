"""How a Chinese utterance ends when it goes on, and when it is whole. [pure]

Read as evidence, not as grammar. What goes on is known by its last word (因为, 把, 我想) or by a beginning that has not got its end
(如果…). What is whole is known only where little could follow: a question, thanks, a request that the recogniser closed.
"""

from __future__ import annotations

import re

from .phrases import listed
from .said import Mark, Said

TAIL = 24
"""Characters of the last clause that are looked at."""


def _ends(*patterns: str) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(patterns)})$")


_JOINS = listed("""
    因为 | 由于 | 所以 | 因此 | 然后 | 接着 | 于是 | 但 | 但是 | 可是 | 不过 | 而 | 而且 | 并且 | 或 | 或者 | 或是 |
    还是 | 以及 | 如果 | 要是 | 假如 | 假设 | 万一 | 除非 | 只要 | 虽然 | 虽说 | 尽管 | 即使 | 哪怕 | 既然 | 不管 |
    无论 | 不但 | 不仅 | 另外 | 此外 | 还有 | 还有就是 | 再就是 | 最后就是 | 比如 | 比如说 | 例如 | 首先 | 其次 |
    同时 | 包括 | 关于 | 对于 | 至于 | 根据 | 按照 | 针对 | 为了 | 除了 | 直到 | 自从 | 顺便 | 反正 | 其实 | 尤其 |
    特别是 | 主要是 | 而是 | 就是 | 就是说 | 意思是 | 问题是 | 我是说 | 那么 | 的话 | 的时候 | 好像 | 百分之 |
    越来越 | 一方面 | 正在 | 即将 | 往往
""")
_FILLERS = ("嗯", "呃", "那个", "这个嘛", "那什么")
_ONLY_LOOKS_SO = ("说的话", "你的话", "您的话", "他的话")

_OPENERS = r"(?:喂|你好|您好|嗯|呃|哎|哦|啊|那个|那|就|不好意思|打扰一下|请问|然后|所以|但是|好的?)*"
_WHO = r"(?:我们?|咱们?|你们?|您|他们?|她们?|它)"
_THEN = r"(?:还|就|也|只|又|再|都|先|现在|今天|刚才|之前|一直|本来|其实|真的|主要是?|是|确实)*"

_GOES_ON = _ends(
    rf"(?<!不)我们?{_THEN}(?:想|想要|要|需要|希望|打算|准备|觉得|认为|以为|记得|听说|发现|担心|可能|应该)",
    r"(?:所以|然后|就|还|也|又)想",
    r"(?:他们?|她们?|客服|人家|师傅|快递员)(?:就|还|也|又)*(?:跟我|和我)?(?:说|讲)",
    # A preposition without what it is about.
    rf"{_WHO}{_THEN}(?:跟|给|把|被|让|对|从|替|帮|向|叫|姓|有)",
    rf"(?:跟|和|把|被|让|从|替|帮|向|对){_WHO}",
    r"(?<![一二两三四五六七八九十几0-9拖])把|(?<!参)与|(?<![温暖总饱])和|(?<!高)跟|(?<!棉)被|(?<![转不])让|(?<!服)从",
    r"(?<![没不有要会能都也说交])给|从.{1,8}到|[改换转调推搬]到|[住放站落丢改存写寄]在",
    # The copula without what it is. Only of one's own: 你们的地址是 may be a question.
    r"(?:我|他|她)们?.{0,10}(?<![不还也都就可])是|(?:号|号码|原因|问题|抬头|户名|收件人|姓名|邮箱)是|(?<!贵)姓|免贵姓|^是",
    # A question word that wants a verb.
    r"(?:什么时候|怎么|怎样|怎么样|哪里|哪儿|几点|多久|为什么).{0,4}(?:能|会|要|可以|才能|才|就|去|跟|把)|怎么",
    # An adverb without its verb.
    r"(?<!成)就|已经|一直|却|又|(?<!不)再|也|(?<![成首])都|(?<![刚人])才|(?<!什么)(?<!一个)(?<!一点)都没",
    # A degree without its quality, a number without its thing, an amount that says there is more.
    r"[很更最]|非常|比较|稍微|不太|(?:^|要|有|买|订)两|好几|十几|几十|第|[十百千万亿点]零",
    # A topic, set apart by a particle.
    r"^(?:[那而然就啊嗯]|所以|但是|然后)*(?:我|这个|那个|其实|因为|所以|但是|首先|主要|就是|我觉得)(?:呢|吧|嘛)",
    # A possessor without the possession, or the name of a number without the number.
    rf"(?:^|[想要把给在跟和]){_WHO}的",
    rf"{_WHO}的(?:手机|电话|号码|身份证|订单|快递单|单|卡|账)(?:号码?)?(?<!订单)",
)
_NOT_YET_SAID = re.compile(
    rf"{_OPENERS}(?:(?:{_WHO}|这|那|这个|这边|那边){_THEN}(?<![也都]是)(?:能不能|会不会|是不是|有没有|可不可以|要不要|能|会|去|来)?"
    r"|(?:想|我想|顺便)?(?:请问|请|问|麻烦)(?:你|您)?(?:一下)?|能不能|会不会|是不是|有没有|要不要|怎么[说讲]呢?)"
)
"""A clause that is a beginning and no more: 我现在, 你们能不能, 请问."""
_ANNOUNCES = re.compile(
    rf"{_OPENERS}{_WHO}?{_THEN}"
    r"(?:(?:想要?|要|需要|来|请|能不能|可不可以|麻烦你?您?|帮我|帮忙|给我)+"
    r"(?:查询?|咨询|了解|办理?|请教|反映|反馈|预[约订]|问问?|看看?|说|买|订|换|改|找|(?<=想)知道)|[查问看]一下|咨询一下|了解一下)(?:一?下|一[查问看])?"
)
"""我想查一下: a request that does not yet say of what."""
_WAIT = re.compile(
    r"(?:那|嗯|好的?|你|您|请|麻烦|先|让|不好意思)*"
    r"(?:稍?等(?:一?下|一等|等|我(?:一?下)?|一?会儿?|片刻)?|稍微等一?下"
    r"|等?我(?:来|去|先|再)*(?:想|看|找|查|翻|拿|记|算|核对)(?:一?[想看找查翻]|一?下|个?笔))[啊哈]?"
)
"""The caller will come back with something."""
_MEANWHILE = re.compile(r"((?:稍等|等一?下|等等)[啊哈]?)?我(?:来|去|先|再)*[想看找查翻拿记算]")
"""After 等一下, what the caller does so long."""
_CONDITION = re.compile(
    r"(?:那|但是|可是|嗯|而且|所以)*(?:如果|要是|假如|假设|万一|只要|除非|虽然|既然|不管|无论|即使)"
)
_CONSEQUENCE = re.compile(r"[就吗呢吧那再啥]|的话..|怎么|会不会|能不能|可以|什么|多少|我要|帮我")
_REASON = re.compile(r"(?:那|嗯|就是|主要是)*因为")
_COUNTS = frozenset("一二两三四五六七八九十几0123456789")
_DONE_TO_IT = re.compile(
    r"[改换退寄送转发删给放拿办关开调查告设绑解交还卖推提延加去移停修撤取注弄打订丢搞写说做剪拆装接填买忘掉传带记叫]|[了好完吗吧呢]$"
)
"""What may be done to a thing after 把."""

_FAREWELLS = listed("""
    谢了 | 麻烦了 | 麻烦你了 | 麻烦您了 | 辛苦了 | 辛苦你了 | 辛苦您了 | 打扰了 | 就这样 | 就这样吧 | 就这些 | 就这些了 |
    没事了 | 没别的了 | 没其他的了 | 没有其他的了 | 没有别的了 | 没问题了 | 说完了
""")
_THANKS = _ends(r"(?:(?:谢谢|多谢|感谢)(?:你们?|您)?|再见|拜拜)[了啦啊呀哈]*")
_QUESTION = _ends(
    r"吗(?<!知道吗)",
    r"(?:怎么|什么|多少|哪|谁|几).{0,12}[啊呀]",
    r"(?:怎么|什么|多少|哪|谁|是不是|有没有|能不能|会不会|几|还是|还没).{0,12}呢",
    r".{2}(?:了没有?|行不行|好不好|对不对)|.{3}可不可以",
    r"怎么办|怎么回事|什么意思|怎么收费|怎么弄|怎么操作|怎么走|怎么办理|.{2}(?:多少钱|是多少)",
    r"(?:什么时候|多久|几点|几天).{0,4}(?:[送收能寄]到|到货|发货|到账|开门|关门|上班|下班|恢复|结束|开始|修好)|什么时候.?到",
)
_COMMAND = re.compile(
    r"(?:那|就|请|麻烦|你|您|帮我|给我|我要|我想|我需要|可以|能不能|直接)*"
    r"(?:(?:转接?|找|接|叫)?人工(?:客服|服务|坐席|座席|台)?|[找转]客服|(?:再|重新)?(?:说|讲|重复)(?:一遍|一次)|说慢一?点|大声一?点"
    r"|我?没有?听(?:清楚?|懂|明白)|我?听不(?:清楚?|懂|见))(?:吧|啊)?"
)
_REQUEST = re.compile(
    r"(?:我们?(?:还|就|也|是|现在|今天)*(?:想要?|要|需要)|帮我|帮忙|给我|请|麻烦).*"
    r"(?:[查退换改取办订买寄送转开关删修装问看听说找叫报]|推荐|介绍|告诉|投诉|申请|咨询|了解|预约|知道|联系|安排|注销|充值|确认|取消).+"
)
_DECIDES = re.compile(r"(?:好的?|嗯|再)*(?:那|就|帮我|给我|请|还是|先|算|改|换|取消|可以|麻烦).{2,}[吧呗]")
_ASKED = _ends(r"(?:什么|多少|哪|怎么|几点|几个|几天|谁|多久|多远).{0,6}", r"(?:告诉|给)我(?:一下|看看|说说)?")
"""With the recogniser's full stop it is a question, or a request, that it closed."""
_DANGLING = listed("""
    昨天 | 今天 | 明天 | 后天 | 前天 | 刚才 | 刚刚 | 之前 | 以前 | 之后 | 以后 | 现在 | 上午 | 下午 | 晚上 | 早上 |
    的 | 号 | 号码 | 编号 | 我 | 你 | 您 | 他 | 她 | 我们 | 你们 | 他们 | 这个 | 这边 | 那边 | 可能 | 应该 | 在 |
    是 | 有 | 没 | 没有 | 上 | 里 | 跟 | 说 | 要 | 想 | 能 | 会 | 个月 | 上周 | 下周 | 星期 | 时候 | 地址 | 问题
""")
"""A request that the recogniser closed here it may have closed at a breath."""


_TAKES_BACK = re.compile(
    r"(?:哦|啊|呃|嗯|噢)?(?:不对|不是|说错了|我?讲错了|错了|我(?:是|的意思是)说|应该是)(?:不对|啊|了)?"
)
"""Behind something else: what is right follows."""
_TAKES_BACK_AT_ONCE = re.compile(r".{2}(?:哦|啊|呃|噢)(?:不对|不是)$")


def goes_on(said: Said) -> bool:
    """Whether it visibly goes on, by its words alone."""
    clause, tail = said.clause, said.clause[-TAIL:]
    if (len(said.clauses) > 1 and _TAKES_BACK.fullmatch(clause)) or _TAKES_BACK_AT_ONCE.search(tail):
        return True
    if tail.endswith(_ONLY_LOOKS_SO):
        return False
    if tail.endswith(_JOINS) or tail.endswith(_FILLERS) or _GOES_ON.search(tail):
        return True
    if _WAIT.fullmatch(tail) or _NOT_YET_SAID.fullmatch(tail):
        return True
    looks = _MEANWHILE.match(clause)
    if looks and (looks[1] or (len(said.clauses) > 1 and _WAIT.fullmatch(said.clauses[-2]))):
        return True
    first = all(_GREETING.fullmatch(earlier) for earlier in said.clauses[:-1])
    if first and _ANNOUNCES.fullmatch(tail):
        return True
    if _CONDITION.match(clause):
        return not _CONSEQUENCE.search(clause, 2)
    before, takes, taken = tail.rpartition("把")
    if takes and 0 < len(taken) < 12 and before[-1:] not in _COUNTS and not _DONE_TO_IT.search(taken):
        return True
    return first and said.mark is Mark.NONE and _REASON.match(clause) is not None


_GREETING = re.compile(_OPENERS)


def is_whole(said: Said) -> bool:
    """Whether little could follow. Ask `goes_on` first."""
    tail = said.clause[-TAIL:]
    if said.mark is Mark.QUESTION or tail.endswith(_FAREWELLS) or _THANKS.search(tail):
        return True
    if _QUESTION.search(tail) or _COMMAND.fullmatch(tail) or _DECIDES.fullmatch(tail):
        return True
    if said.mark is not Mark.STOP or tail.endswith(_DANGLING):
        return False
    return bool(_ASKED.search(tail) or _REQUEST.search(tail))
