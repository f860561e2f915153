"""Units and currencies, and what they are called in Chinese and English. [pure]"""

from __future__ import annotations

from collections.abc import Iterable

_TABLE = """
mm 毫米 millimeter | cm 厘米 centimeter | dm 分米 decimeter | m 米 meter | km 公里 kilometer | KM 公里 kilometer
ft² 平方英尺 square_foot/square_feet | ft2 平方英尺 square_foot/square_feet | sqft 平方英尺 square_foot/square_feet
dL 分升 deciliter | dl 分升 deciliter | yr 年 year | yrs 年 year
μm 微米 micrometer | um 微米 micrometer
nm 纳米 nanometer | inch 英寸 inch | ft 英尺 foot/feet | mi 英里 mile | yd 码 yard
mm² 平方毫米 square_millimeter | cm² 平方厘米 square_centimeter | m² 平方米 square_meter | km² 平方公里 square_kilometer
㎡ 平方米 square_meter
mm2 平方毫米 square_millimeter | cm2 平方厘米 square_centimeter | m2 平方米 square_meter | km2 平方公里 square_kilometer
m³ 立方米 cubic_meter | m3 立方米 cubic_meter | cm³ 立方厘米 cubic_centimeter | cm3 立方厘米 cubic_centimeter
km³ 立方公里 cubic_kilometer | km3 立方公里 cubic_kilometer
mg 毫克 milligram | g 克 gram | kg 千克 kilogram | KG 千克 kilogram | Kg 千克 kilogram | μg 微克 microgram
ug 微克 microgram | t 吨 ton | lb 磅 pound | lbs 磅 pound | oz 盎司 ounce
ml 毫升 milliliter | mL 毫升 milliliter | ML 毫升 milliliter | cl 厘升 centiliter | l 升 liter | L 升 liter | cc 毫升 CC/CC
ms 毫秒 millisecond | s 秒 second | sec 秒 second | min 分钟 minute | mins 分钟 minute | h 小时 hour | hr 小时 hour | hrs 小时 hour
Hz 赫兹 hertz/hertz | kHz 千赫兹 kilohertz/kilohertz | MHz 兆赫兹 megahertz/megahertz | GHz 吉赫兹 gigahertz/gigahertz
W 瓦 watt | kW 千瓦 kilowatt | KW 千瓦 kilowatt | MW 兆瓦 megawatt | kWh 千瓦时 kilowatt_hour | kwh 千瓦时 kilowatt_hour
KWh 千瓦时 kilowatt_hour
V 伏 volt | kV 千伏 kilovolt | mV 毫伏 millivolt | A 安 amp | mA 毫安 milliamp | mAh 毫安时 milliamp_hour | Ah 安时 amp_hour | Ω 欧姆 ohm
J 焦耳 joule | kJ 千焦 kilojoule | cal 卡 calorie | kcal 千卡 kilocalorie | N 牛 newton | Pa 帕 pascal
kPa 千帕 kilopascal | MPa 兆帕 megapascal | mmHg 毫米汞柱 millimeter_of_mercury/millimeters_of_mercury
KB KB kilobyte | kb KB kilobyte | MB 兆 megabyte | GB GB gigabyte | TB TB terabyte
Kbps K kilobit_per_second/kilobits_per_second | kbps K kilobit_per_second/kilobits_per_second
Mbps 兆 megabit_per_second/megabits_per_second | mbps 兆 megabit_per_second/megabits_per_second
Gbps G gigabit_per_second/gigabits_per_second | gbps G gigabit_per_second/gigabits_per_second
dB 分贝 decibel | db 分贝 decibel | mol 摩尔 mole | mmol 毫摩尔 millimole | μmol 微摩尔 micromole
IU 国际单位 international_unit | rpm 转每分钟 RPM/RPM | bpm 次每分钟 beat_per_minute/beats_per_minute
°C 摄氏度 degree_Celsius/degrees_Celsius | ℃ 摄氏度 degree_Celsius/degrees_Celsius | °c 摄氏度 degree_Celsius/degrees_Celsius
°F 华氏度 degree_Fahrenheit/degrees_Fahrenheit | ℉ 华氏度 degree_Fahrenheit/degrees_Fahrenheit | ° 度 degree
mph 英里每小时 mile_per_hour/miles_per_hour | px 像素 pixel | ppm PPM PPM/PPM | ha 公顷 hectare
tbsp 汤匙 tablespoon | tsp 茶匙 teaspoon | gal 加仑 gallon | bp 个基点 basis_point
mhz 兆赫兹 megahertz/megahertz | khz 千赫兹 kilohertz/kilohertz | ghz 吉赫兹 gigahertz/gigahertz | gb GB gigabyte | tb TB terabyte
hp 马力 horsepower/horsepower | lm 流明 lumen | psi PSI PSI/PSI | fps 帧每秒 frame_per_second/frames_per_second
"""
UNITS: dict[str, tuple[str, str, str]] = {}
"""Chinese, English for one, English for several. Letter for letter: M is no m."""
for _entry in _TABLE.replace("\n", "|").split("|"):
    if _entry.strip():
        _sign, _zh, _en = _entry.split()
        _one, _, _more = _en.replace("_", " ").partition("/")
        if not _more:
            _more = f"{_one}es" if _one.endswith("ch") else f"{_one}s"
        UNITS[_sign] = (_zh, _one, _more)

UNITS |= {f"sq {sign}": UNITS[f"{sign}²"] for sign in ("ft", "m", "km")} | {
    "sq mi": ("平方英里", "square mile", "square miles")
}

PER_ZH = {
    **{sign: zh for sign, (zh, _, _) in UNITS.items()},
    "月": "月", "年": "年", "天": "天", "日": "天", "次": "次", "人": "人", "个": "个", "件": "件", "晚": "晚",
    "分钟": "分钟", "小时": "小时", "秒": "秒", "间": "间", "周": "周",
    "位": "位", "台": "台", "盒": "盒", "瓶": "瓶", "斤": "斤", "吨": "吨", "米": "米", "公里": "公里", "平": "平",
    "度": "度", "条": "条", "张": "张", "份": "份",
    **{unit: unit for unit in "片粒支袋包箱套双本只颗枚笔单罐桶杯碗升克课季"}, "公斤": "公斤", "平米": "平米", "课时": "课时",
    "学期": "学期", "学年": "学年", "季度": "季度",
    "mo": "月", "month": "月", "yr": "年", "year": "年", "day": "天", "week": "周", "night": "晚", "person": "人",
}  # fmt: skip
"""What may stand behind a stroke: 元/月."""
PER_EN = {
    **{sign: one for sign, (_, one, _) in UNITS.items()},
    "mo": "month", "month": "month", "yr": "year", "year": "year", "y": "year", "d": "day", "day": "day", "wk": "week",
    "week": "week", "night": "night",
    "person": "person", "hour": "hour", "minute": "minute", "second": "second", "each": "each", "user": "user",
    "item": "item", "call": "call",
}  # fmt: skip

CURRENCY_ZH = {
    "$": "美元", "US$": "美元", "USD": "美元", "¥": "元", "RMB": "元", "CNY": "人民币", "HK$": "港元", "HKD": "港元",
    "€": "欧元", "EUR": "欧元",
    "£": "英镑", "GBP": "英镑", "₩": "韩元", "KRW": "韩元", "JPY": "日元", "JP¥": "日元", "JPY¥": "日元", "CNY¥": "元", "RMB¥": "元",
    "A$": "澳元", "AUD": "澳元",
    "C$": "加元", "CAD": "加元",
    "NT$": "新台币", "TWD": "新台币", "S$": "新加坡元", "SGD": "新加坡元", "MOP": "澳门元", "THB": "泰铢", "฿": "泰铢",
    "₽": "卢布", "₹": "卢比",
    "CHF": "瑞士法郎", "NZD": "新西兰元",
}  # fmt: skip
CURRENCY_EN = {
    "$": ("dollar", "dollars", "cent", "cents"), "US$": ("US dollar", "US dollars", "cent", "cents"),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "¥": ("yuan", "yuan", "fen", "fen"), "RMB": ("yuan", "yuan", "fen", "fen"), "CNY": ("yuan", "yuan", "fen", "fen"),
    "HK$": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"), "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"), "EUR": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"), "GBP": ("pound", "pounds", "penny", "pence"),
    "₩": ("won", "won", "", ""), "KRW": ("won", "won", "", ""), "JPY": ("yen", "yen", "", ""), "JP¥": ("yen", "yen", "", ""),
    "JPY¥": ("yen", "yen", "", ""), "CNY¥": ("yuan", "yuan", "fen", "fen"), "RMB¥": ("yuan", "yuan", "fen", "fen"),
    "A$": ("Australian dollar", "Australian dollars", "cent", "cents"), "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "C$": ("Canadian dollar", "Canadian dollars", "cent", "cents"), "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "S$": ("Singapore dollar", "Singapore dollars", "cent", "cents"), "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
    "₹": ("rupee", "rupees", "", ""), "₽": ("ruble", "rubles", "", ""), "THB": ("baht", "baht", "", ""), "฿": ("baht", "baht", "", ""),
    "CHF": ("Swiss franc", "Swiss francs", "", ""), "¢": ("cent", "cents", "", ""),
}  # fmt: skip
"""One, several; a hundredth, hundredths; empty where none are said."""


def signs(names: Iterable[str]) -> str:
    """An alternation of `names` for a pattern, the longest first."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(name.replace("$", r"\$").replace("²", "[²]") for name in ordered)
