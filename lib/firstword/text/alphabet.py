"""What a run is made of: its characters, and the words that hold it together. For `runs` and the kinds. [pure]"""

from __future__ import annotations

from .phrases import listed

DIGITS = frozenset("0123456789")
LETTERS = frozenset(
    [chr(code) for code in (*range(65, 91), *range(97, 123))]
    + [chr(code) for code in range(0xC0, 0x250) if code not in (0xD7, 0xF7)]
)
CURRENCY = frozenset("$¥€£₩₽₹฿¢")
ROMAN = frozenset(chr(code) for code in range(0x2160, 0x217C))
CIRCLED = frozenset(chr(code) for code in range(0x2460, 0x2474))
SIGNS = frozenset("+-−±×÷=<>≤≥≠≈%‰°℃℉~∼/^#&*@_√π∞Ω²³½¼¾⅓⅔№§→′″μµ") | ROMAN | CIRCLED
OPERATORS = frozenset("=+×÷<>≤≥≠≈/*^-−–—~")
CORE = DIGITS | LETTERS | CURRENCY | SIGNS
PERHAPS = frozenset("(–—")
"""These begin a run only before a figure."""
JOINERS = frozenset(" .,:'’()–—·")
"""What may stand in a run, between two characters of its core."""
IN_LINK = frozenset("?&=%#~:;!.,+$'()*@/_-")

MONTHS = frozenset(
    listed("""
    january | february | march | april | may | june | july | august | september | october | november | december | jan | feb | mar |
    apr | jun | jul | aug | sep | sept | oct | nov | dec
""")
)
ABBREVIATED = frozenset(
    listed("""
    dr | mr | mrs | ms | mt | maj | col | lt | prof | st | jr | sr | no | vol | ext | dept | inc | ltd | vs | etc | approx | tel |
    fig | ch | pg | ave | blvd | rd | ct | apt | sgt | capt | gen | rev | hon | gov
""")
)
"""Words whose point is no full stop, beside the months' and the days'."""
DAYS = frozenset(listed("Mon | Tue | Tues | Wed | Thu | Thur | Thurs | Fri | Sat | Sun"))
"""As they are abbreviated. The sun is written small."""
UNITS = frozenset(listed("oz | lb | lbs | ft | hr | hrs | min | mins | sec | yd | mi | gal | tbsp | tsp"))
"""Whose point is no full stop before a small letter: 12 oz. bottle."""
SUFFIXES = ("st", "nd", "rd", "th")
DAY_HALVES = frozenset(("am", "pm", "a.m", "p.m", "a.m.", "p.m."))
SCALES = frozenset(("thousand", "million", "billion", "trillion"))
"""Behind one of them its unit may stand: 2 million kg."""
SUMS = DIGITS | CURRENCY
CODES = frozenset(
    listed("""
    usd | cny | rmb | hkd | eur | gbp | jpy | krw | aud | cad | twd | sgd | mop | thb | chf | nzd | us
""")
)
"""Of currencies: what stands, with a blank, before or behind an amount."""
SIDES = frozenset(
    listed("""
    n | s | e | w | ne | nw | se | sw
""")
)
"""Of the sky, in a street's name."""


def of_a_calendar(word: str) -> bool:
    """Whether `word` names a day of the week or a month."""
    return word in DAYS or (word[:1].isupper() and word.lower() in MONTHS)


def word_before(text: str, at: int) -> str:
    """The letters before `at`, at most twelve."""
    begin = at
    while begin and at - begin < 12 and text[begin - 1] in LETTERS:
        begin -= 1
    return text[begin:at]
