"""A formula as LaTeX writes it, in words, as far as it is simple: a fraction, a root, a power, signs and Greek letters. [pure]

What it does not know loses its backslash and its braces. No recursion: the innermost braces are read first, a bounded number of times.
"""

from __future__ import annotations

import re

LONGEST = 1000
"""Characters of a formula that are read."""
DEEPEST = 12
"""Braces in braces."""

# name: in Chinese, in English
_COMMANDS = {
    "times": ("乘以", " times "), "cdot": ("乘以", " times "), "div": ("除以", " divided by "), "pm": ("正负", " plus or minus "),
    "mp": ("负正", " minus or plus "), "le": ("小于等于", " is at most "), "leq": ("小于等于", " is at most "),
    "leqslant": ("小于等于", " is at most "), "ge": ("大于等于", " is at least "), "geq": ("大于等于", " is at least "),
    "geqslant": ("大于等于", " is at least "), "lt": ("小于", " is less than "), "gt": ("大于", " is greater than "),
    "ne": ("不等于", " is not "), "neq": ("不等于", " is not "), "approx": ("约等于", " is about "), "equiv": ("恒等于", " is "),
    "sim": ("约", " about "), "propto": ("正比于", " is proportional to "), "infty": ("无穷大", " infinity "),
    "to": ("趋于", " to "), "rightarrow": ("到", " to "), "Rightarrow": ("，推出", ", so "), "implies": ("，推出", ", so "),
    "iff": ("等价于", " if and only if "), "Leftrightarrow": ("等价于", " if and only if "), "in": ("属于", " in "),
    "notin": ("不属于", " not in "), "subset": ("包含于", " within "), "cup": ("并", " or "), "cap": ("交", " and "),
    "forall": ("对任意", " for all "), "exists": ("存在", " there is "), "sum": ("求和", " the sum of "),
    "prod": ("连乘", " the product of "),
    "int": ("积分", " the integral of "), "lim": ("极限", " the limit of "), "log": ("log", " log "), "ln": ("ln", " ln "),
    "sin": ("sin", " sine "), "cos": ("cos", " cosine "), "tan": ("tan", " tangent "), "max": ("最大值", " max "),
    "min": ("最小值", " min "),
    "angle": ("角", " angle "), "triangle": ("三角形", " triangle "), "perp": ("垂直于", " is perpendicular to "),
    "parallel": ("平行于", " is parallel to "), "circ": ("度", " degrees "), "degree": ("度", " degrees "), "percent": ("%", "%"),
    "cdots": ("等等", " and so on "), "ldots": ("等等", " and so on "), "dots": ("等等", " and so on "), "because": ("因为", " because "),
    "therefore": ("所以", " therefore "), "alpha": ("阿尔法", " alpha "), "beta": ("贝塔", " beta "), "gamma": ("伽马", " gamma "),
    "delta": ("德尔塔", " delta "), "Delta": ("德尔塔", " delta "), "epsilon": ("艾普西隆", " epsilon "), "theta": ("西塔", " theta "),
    "lambda": ("兰姆达", " lambda "), "mu": ("缪", " mu "), "pi": ("派", " pi "), "rho": ("柔", " rho "), "sigma": ("西格玛", " sigma "),
    "Sigma": ("西格玛", " sigma "), "phi": ("斐", " phi "), "omega": ("欧米伽", " omega "), "Omega": ("欧姆", " omega "),
}  # fmt: skip
_SIGNS = {
    "=": ("等于", " equals "), "+": ("加", " plus "), "<": ("小于", " is less than "), ">": ("大于", " is greater than "),
    "*": ("乘以", " times "), "/": ("除以", " over "), "×": ("乘以", " times "), "÷": ("除以", " divided by "),
    "±": ("正负", " plus or minus "),
    "≤": ("小于等于", " is at most "), "≥": ("大于等于", " is at least "), "≠": ("不等于", " is not "), "≈": ("约等于", " is about "),
}  # fmt: skip

_LAYOUT = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits|nolimits|quad|qquad|,|;|:|!|>| )|\\(?:begin|end|tag)\{[^{}]{0,20}\}"
)
_UPRIGHT = re.compile(
    r"\\(?:text|mathrm|mathbf|mathit|mathsf|mathbb|mathcal|operatorname|textbf|boxed|bar|vec|hat|overline)\*?\s*(?=\{)"
)
_FRACTION = re.compile(r"\\[dt]?frac\s*(?:\{([^{}]*)\}|([0-9A-Za-z]))\s*(?:\{([^{}]*)\}|([0-9A-Za-z]))")
_ROOT = re.compile(r"\\sqrt\s*(?:\[([^\[\]{}]*)\])?\s*(?:\{([^{}]*)\}|([0-9A-Za-z]))")
_FROM_TO = re.compile(r"\\(int|sum|prod)\s*_(?:\{([^{}]*)\}|([0-9A-Za-z]))\s*\^(?:\{([^{}]*)\}|(\\infty|[0-9A-Za-z]))")
_POWER = re.compile(r"\^\s*(?:\{([^{}]*)\}|(\\circ|\\prime|[0-9A-Za-z*']))")
_INDEX = re.compile(r"_\s*(?:\{([^{}]*)\}|([0-9A-Za-z]))")
_BRACES = re.compile(r"(?<![A-Za-z_^\\\]}])\{([^{}]*)\}")
_NAME = re.compile(r"\\([A-Za-z]+)")
_MINUS = re.compile(r"\s*[-−]\s*")
_BLANKS = re.compile(r"\s+")


def read(formula: str, chinese: bool) -> str:
    """`formula`, without its dollars, in words; digits stay digits. Empty if there is nothing to say."""
    text = formula[:LONGEST].replace("\\\\", "，" if chinese else ", ").replace("&", "")
    text = _UPRIGHT.sub("", _LAYOUT.sub(" ", text))
    text = _FROM_TO.sub(lambda found: _from_to(found[1], _of(found, 2), _of(found, 4), chinese), text)
    for _ in range(DEEPEST):
        before = text
        text = _FRACTION.sub(lambda found: _fraction(_of(found, 1), _of(found, 3), chinese), text)
        text = _ROOT.sub(lambda found: _root(found[1] or "", _of(found, 2), chinese), text)
        text = _POWER.sub(lambda found: _power(_of(found, 1), chinese), text)
        text = _INDEX.sub(lambda found: (" " if not chinese else "") + _of(found, 1), text)
        text = _BRACES.sub(r"\1", text)
        if text == before:
            break
    return _signs(text, chinese)


def command(name: str, chinese: bool) -> str:
    """What ``\\name`` is in words; empty if it is not known."""
    known = _COMMANDS.get(name)
    return known[0 if chinese else 1].strip() if known else ""


def _of(found: re.Match[str], group: int) -> str:
    return (found[group] if found[group] is not None else found[group + 1]).strip()


def _from_to(name: str, low: str, high: str, chinese: bool) -> str:
    said = _COMMANDS[name][0 if chinese else 1]
    return f"从{low}到{high}{said}" if chinese else f" {said.strip().removesuffix(' of')} from {low} to {high} of "


def _fraction(above: str, below: str, chinese: bool) -> str:
    if chinese and above.startswith("-"):
        above = "负" + above[1:]
    return f" {below}分之{above} " if chinese else f" {above} over {below} "


def _root(degree: str, inside: str, chinese: bool) -> str:
    if degree and degree != "2":
        return f" {degree}次根号{inside} " if chinese else f" the {degree}th root of {inside} "
    return f" 根号{inside} " if chinese else f" the square root of {inside} "


def _power(power: str, chinese: bool) -> str:
    if power in ("\\circ", "∘"):
        return "度" if chinese else " degrees "
    if power in ("'", "\\prime"):
        return "撇" if chinese else " prime "
    if chinese:
        return {"2": "的平方", "3": "的立方"}.get(power, f"的{power}次方")
    return {"2": " squared ", "3": " cubed "}.get(power, f" to the power of {power} ")


def _signs(text: str, chinese: bool) -> str:
    column = 0 if chinese else 1
    text = _NAME.sub(lambda found: _COMMANDS[found[1]][column] if found[1] in _COMMANDS else f" {found[1]} ", text)
    text = text.translate(
        {ord("\\"): None, ord("{"): None, ord("}"): None, ord("$"): None, ord("^"): None, ord("_"): None}
    )
    text = _MINUS.sub(lambda found: _minus(text, found.start(), chinese), text)
    text = "".join(_SIGNS[character][column] if character in _SIGNS else character for character in text)
    text = _BLANKS.sub(" ", text).strip()
    return re.sub(r"(?<![A-Za-z0-9]) | (?![A-Za-z0-9])", "", text) if chinese else text


def _minus(text: str, at: int, chinese: bool) -> str:
    before = text[:at].rstrip()[-1:]
    binary = before.isalnum() or before in (")", "]", "）")
    if chinese:
        return "减" if binary else "负"
    return " minus "
