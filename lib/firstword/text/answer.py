"""Short texts that are whole as an answer, and nothing without a question: yes, no, one of two, so many. [pure]"""

from __future__ import annotations

import re

from .phrases import Phrases, listed
from .question import Asked
from .said import Ending, Mark, Said

LONGEST = 32
"""Characters. What is longer says more than yes."""

_YES = listed("""
    是 | 是的 | 是啊 | 是呀 | 是我 | 是本人 | 对 | 对的 | 对啊 | 对呀 | 没错 | 好 | 好的 | 好啊 | 好呀 | 好吧 | 好嘞 |
    行 | 行的 | 行啊 | 行吧 | 可以 | 可以的 | 可以啊 | 嗯 | 嗯哼 | 要 | 要的 | 需要 | 需要的 | 有 | 有的 | 会 | 会的 |
    能 | 能的 | 想 | 愿意 | 确认 | 确定 | 同意 | 方便 | 方便的 | 正确 | 当然 | 当然可以 | 没问题 | 在 | 在的 | 我在 |
    还在 | 听得到 | 听得见 | 能听到 | 听到了 | 收到 | 收到了 | 知道 | 知道了 | 明白 | 明白了 |
    yes | yeah | yep | yup | yes please | yes it is | yes i do | yes i am | yes i can | i do | i am | it is | i can |
    sure | ok | okay | correct | right | that's right | that is right | that's correct | please | of course | exactly |
    absolutely | definitely | uh-huh | mm-hmm | mhm | please do | i think so | fine | all right | alright | sounds good
""")
_NO = listed("""
    不用 | 不用了 | 不需要 | 不需要了 | 不必了 | 不要 | 不要了 | 不了 | 没有 | 没有了 | 没有啊 | 没有呢 | 没 | 没了 |
    不行 | 不可以 | 不方便 | 不同意 | 不想 | 不能 | 不会 | 不愿意 | 还没 | 还没有 | 暂时不用 | 暂时不用了 |
    暂时不需要 | 暂时没有 | 先不用 | 先不用了 | 算了 | 没事 | 没什么 | 没别的 | 不清楚 | 不知道 | 不记得了 |
    nope | no thanks | no thank you | it's fine | not really | not yet | not now | not today | not at all | i don't | i do not |
    no i don't | no i'm not | nothing | nothing else | i'm not | i can't | i don't think so
""")
_WRONG = listed("""
    不 | 不是 | 不是的 | 不对 | 不正确 | 错了 | no | wrong | incorrect | it's not | it isn't | that's wrong | that's not right
""")
"""To a question that verifies, these are a beginning: what is right follows."""
_FAREWELL = listed("""
    没事了 | 没什么了 | 没别的了 | 没其他的了 | 谢谢 | 谢谢你 | 谢谢您 | 谢谢啊 | 多谢 | 谢了 | 再见 | 拜拜 | 麻烦你了 | 麻烦您了 | 辛苦了 |
    thanks | thank you | thanks a lot | thank you so much | thank you very much | bye | bye bye | goodbye | that's all | that's it
""")

_AGREES = Phrases(_YES)
_RIGHT = Phrases((*_YES, *_NO, *_FAREWELL))
_ANY = Phrases((*_YES, *_NO, *_WRONG, *_FAREWELL))

_AMOUNT = r"(?:[0-9]{1,5}|[零一二两三四五六七八九十百千半]{1,5})"
_QUANTITY = re.compile(
    r"(?:嗯|呃|我|要|想要|就|大概|一共|总共|差不多|是|有)*"
    rf"(?:{_AMOUNT}(?:个人|个月|个小时|公斤|块钱|小时|分钟|[个位张件份台盒箱天岁斤块元瓶本条人次年])"
    rf"|(?:今天|明天|后天)?(?:早上|上午|中午|下午|晚上)?{_AMOUNT}点(?:半|钟|一刻|{_AMOUNT}分))(?:吧|左右)?"
)
_LEAD = re.compile(
    r"(?:嗯|呃|是|对|好|我|想|要|就|那|选|办理?|还|已经|的|,|、|不|没有?)*(?:(?:i'd like|i want|um|uh|yes|the|an|a)\b,? ?)*"
)
_EITHER = re.compile(r"还是| or (?:an? |the )?")


def as_answer(said: Said, expected: Asked) -> Ending | None:
    """How `said` ends as an answer to what was asked; None if it is none of these answers."""
    if len(said.body) > LONGEST or said.mark is Mark.QUESTION:
        return None
    if _made_of(_ANY, said):
        return Ending.UNFINISHED if said.mark is Mark.PAUSE else _of_yes_and_no(said, expected)
    if expected.sentence and said.mark is not Mark.PAUSE and _fits(said.body, expected):
        return Ending.FINISHED
    return None


def _made_of(phrases: Phrases, said: Said) -> bool:
    return all(phrases.make_up(clause) for clause in said.clauses)


def _of_yes_and_no(said: Said, expected: Asked) -> Ending:
    if said.body.endswith(_FAREWELL):
        return Ending.FINISHED
    agrees = _made_of(_AGREES, said)
    if expected.dictate and agrees:
        return Ending.UNFINISHED  # 好的, and now the number
    if not expected.yes_no or (expected.invites and agrees):
        return Ending.OPEN
    if expected.verifies and not _made_of(_RIGHT, said):
        return Ending.OPEN  # 不是, and now what is
    return Ending.FINISHED


def _fits(body: str, expected: Asked) -> bool:
    """Whether it says back the part of the question that answers it: 换货 (退货还是换货？), 需要发票 (需要发票吗？); or how many."""
    if expected.quantity and _QUANTITY.fullmatch(body):
        return True
    lead = _LEAD.match(body)
    core = body[lead.end() if lead else 0 :].rstrip("吧了")
    if len(core) < 2:
        return False
    choices = _EITHER.split(expected.sentence)
    if len(choices) > 1:
        return core == choices[-1].rstrip("呢 ") or any(choice.rstrip(", ").endswith(core) for choice in choices[:-1])
    return expected.yes_no and not expected.dictate and expected.sentence.rstrip("吗了").endswith(core)
