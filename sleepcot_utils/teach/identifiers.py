"""Shapes of what tells who a person is, in English and in Chinese: patterns, and nothing else.

What is written between Chinese signs has no blanks around it, so the edges of numbers and ids are those of ASCII letters
and digits. The recall of each kind is measured on planted remarks (``safety/planted.py``).
"""

from __future__ import annotations

import re

#: Full-width letters, digits and signs of addresses, which mean the same as the plain ones, one for one.
FULL_WIDTH = {
    0xFEE0 + ord(sign): sign for sign in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz@+-._"
}
_HAN = "\u3400-\u9fff"

_SIGN = rf"[^\W{_HAN}]"  # of words, but not of Chinese ones, which stand beside an address without a blank
EMAIL = re.compile(
    rf"(?<!{_SIGN})(?<![.+%-])(?:{_SIGN}|[.+%-])+@(?:{_SIGN}|-)+(?:\.(?:{_SIGN}|-)+)*\.[^\W\d_{_HAN}]{{2,}}"
)
UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", re.ASCII)
HARDWARE_ADDRESS = re.compile(r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b", re.ASCII)
SOCIAL_SECURITY = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
#: Chinese identity numbers: 17 digits, six to eight of which are the date of birth, and a check sign (GB 11643-1999).
IDENTITY_NUMBER = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?![\dA-Za-z])")
#: Fitabase ids have ten digits; no quantity of a night or day has seven.
LONG_NUMBER = re.compile(r"(?<![\d.,])\d{7,}(?!\d|[.,]\d)")
_ID_VALUE = r"(?P<value>[A-Za-z0-9-]*\d[\w-]*)"
LABELED_IDS = (
    re.compile(
        r"\b(?:(?:person|patient|user|participant|subject|member|customer|insurance|medical record|record|device|serial"
        rf"|watch|ring|band|tracker)[ _-]?(?:id|no\.?|number|nr\.?)|serial|s/n|imei|mrn|id)\s*[:=#]?\s*{_ID_VALUE}",
        re.IGNORECASE | re.ASCII,
    ),
    re.compile(
        r"(?:序列号|编号|(?:设备|手环|手表|戒指|用户|会员|病历|身份证|护照|账|卡|学|工)(?:号码|号|ID|id)|身份证|病历|账号)"
        rf"\s*(?:是|为|[:：=#])?\s*{_ID_VALUE}",
        re.ASCII,
    ),
)
#: International, Chinese, North American with separators, with a leading zero as in much of Europe, or after a cue word.
PHONES = (
    re.compile(r"(?<![A-Za-z0-9_+])\+\d(?:[ ()./-]{0,2}\d){7,14}(?!\d)"),
    re.compile(r"(?<![\d.,-])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d-]|[.,]\d)"),
    re.compile(r"(?<![A-Za-z0-9_.,-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[ .-]\d{4}(?![A-Za-z0-9_-]|\.\d)"),
    re.compile(r"(?<![A-Za-z0-9_.,:-])0\d{2,4}[ /-]\d{3,4}(?:[ -]?\d{2,5})?(?!\d|[.,:]\d)"),
    re.compile(r"(?<![A-Za-z0-9_.,:-])0\d(?:[ .]\d{2}){4}(?!\d|[.,:]\d)"),
    re.compile(r"(?<![\d.,-])[（(]?0\d{2,3}[)）]?[ -]?\d{4} ?\d{3,4}(?![\d-]|[.,]\d)"),
    re.compile(r"(?<![\d.,-])[48]00[ -]?\d{3}[ -]?\d{4}(?![\d-]|[.,]\d)"),
)
CUED_PHONES = (
    re.compile(
        r"\b(?:tel|telephone|phone|mobile|cell|fax|whatsapp|call me (?:at|on))\b[^\d\n]{0,12}"
        r"(?P<value>\d(?:[ ()./-]{0,2}\d){5,14})",
        re.IGNORECASE | re.ASCII,
    ),
    re.compile(r"(?:电话|手机|座机|热线|联系方式|微信)[^\d\n，。；]{0,6}(?P<value>\d(?:[ ()./-]{0,2}\d){5,14})"),
)

_DEGREES = r"[-+]?\d{1,3}\.\d{2,}"
_FINE_DEGREES = r"[-+]?(?!0\.)\d{1,3}\.\d{4,}"
_ANGLE = r"\d{1,3}(?:\.\d+)?\s*(?:[°度]\s*(?:\d{1,2}(?:\.\d+)?\s*['′’分]\s*)?(?:\d{1,2}(?:\.\d+)?\s*[\"″”秒]\s*)?)?"
#: Latitude and longitude: with a label, a hemisphere, a cue, or to eleven meters and better (four decimals), which no
#: quantity of a night has. A list of three or more such numbers is something else.
PLACES = (
    re.compile(
        rf"(?:lat(?:itude)?|lon(?:g(?:itude)?)?|lng|纬度|经度)[\"']?\s*(?:is|是|为|[:：=])?\s*(?P<value>{_DEGREES})",
        re.IGNORECASE,
    ),
    re.compile(rf"[北南]纬\s*{_ANGLE}[，, ]{{0,2}}[东西]经\s*{_ANGLE}"),
    re.compile(rf"(?<![\d.]){_ANGLE}[NS]\b[，,;/ ]{{0,2}}{_ANGLE}[EW]\b", re.ASCII),
    re.compile(
        rf"(?:\b(?:gps|geo|location|position|coordinates?|coords?)\b|定位点?|坐标|位置|经纬度)[^\d\n+-]{{0,8}}"
        rf"(?P<value>{_DEGREES}\s*[，,;；/ ]\s*{_DEGREES})",
        re.IGNORECASE | re.ASCII,
    ),
    re.compile(rf"(?<![\d.,])(?<!\d[,;] ){_FINE_DEGREES}\s*[，,;；/ ]\s*{_FINE_DEGREES}(?!\d|[,;/]? ?\d|\.\d)"),
)

_NAME_WORD = r"[A-ZÀ-ÖØ-ÞŁŚŠŽČĆŐŞİ][\w’'-]+"
_NAME = rf"(?P<value>{_NAME_WORD}(?: (?:(?:van|von|de|der|den|da|di|la|le|el|bin|al) )*{_NAME_WORD}){{0,3}})"
_INTRODUCTION = r"(?i:\b(?:my (?:first |last |full )?name is|my name['’]s|i am called|i['’]m called|they call me))"
#: The hundred family names that most people in mainland China bear (name report of the Ministry of Public Security for
#: 2020), and the compound names that are less rare than the others.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧肖蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜"
    "崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武莫孔向汤"
)
_SURNAME = rf"(?:欧阳|司马|上官|诸葛|司徒|夏侯|[{_SURNAMES}])"
_TITLE = "医生|大夫|医师|护士|主任|教授|老师|先生|女士|小姐"
NAMES = (
    re.compile(rf"\b(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof)\.? {_NAME}"),
    re.compile(rf"{_INTRODUCTION} {_NAME}"),
    re.compile(rf"{_INTRODUCTION} (?P<value>(?!not\b|on\b|in\b|a\b|the\b)[^\W\d_][\w’'-]+)"),
    re.compile(rf"(?i:(?<!device )(?<!file )\b(?:first |last |full |sur|patient |user )?name) ?[:=] ?{_NAME}"),
    re.compile(rf"(?i:\bpatient) ?: ?{_NAME}"),
    re.compile(rf"(?i:\bdear) {_NAME}(?=[ ,!:\n])"),
    re.compile(rf"(?i:\b(?:regards|sincerely|yours|cheers)),?\s*\n\s*{_NAME}"),
    # A given name alone, so introduced, before a comma: "I'm Priya, 34".
    re.compile(rf"\bI['’]?(?: a)?m (?P<value>{_NAME_WORD}(?: {_NAME_WORD})?)(?=, |\.? I\b)"),
)
CHINESE_NAMES = (
    re.compile(
        rf"(?:我叫|(?:我的)?名字(?:是|叫)?\s*[:：]?|姓名\s*[:：]?|我是|患者|病人|本人|此致\s*\n)\s*(?P<value>{_SURNAME}[{_HAN}]{{1,2}})"
    ),
    re.compile(rf"(?P<value>{_SURNAME}[{_HAN}]{{0,2}}?)(?={_TITLE})"),
    re.compile(rf"(?:^|[，。；！？\n])(?P<value>{_SURNAME}[{_HAN}]{{1,2}}?)(?=(?:说(?!明)|问|告诉|觉得))"),
)

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTH_NAMES = "|".join(rf"{name[:3]}(?:{name[3:]})?" for name in MONTHS) + "|Sept"
_MONTH = rf"(?P<month>{_MONTH_NAMES})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
#: Month and day in either order.
UNORDERED_DATE = re.compile(r"(?<![\d/])(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>(?:19|20)?\d\d)(?![\d/])")
DATES = (
    re.compile(rf"(?<![\d.-]){_YEAR}(?P<gap>[-/.])(?P<month>\d{{1,2}})(?P=gap)(?P<day>\d{{1,2}})(?!\d|[-/]\d)"),
    re.compile(rf"(?<![\d.,]){_YEAR}(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d|[.,]\d)"),
    UNORDERED_DATE,
    re.compile(r"(?<![\d.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:19|20)\d\d)(?!\d|\.\d)"),
    re.compile(r"(?<![\d.])(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>\d\d)(?!\d|\.\d)"),
    re.compile(rf"(?<!\d){_YEAR}年(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})[日号]?"),
    re.compile(rf"\b{_DAY}(?: of)? {_MONTH},? {_YEAR}\b"),
    re.compile(rf"\b{_MONTH} {_DAY},? {_YEAR}\b"),
    re.compile(r"(?<![\d年])(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]"),
    re.compile(rf"\b{_DAY}(?: of)? {_MONTH}(?![\w-])"),
    re.compile(rf"\b{_MONTH} {_DAY}\b(?!:\d|[.,]\d|%| ?(?:min|h|hours?|nights?|days?|people|am|pm)\b)"),
)
_DATE_PART = rf"(?:\d{{1,4}}(?:st|nd|rd|th)?|(?:{_MONTH_NAMES})\.?)"
_NUMERALS = r"[\d〇零一二三四五六七八九十]"
#: What stands beside a word about birth and was not read as a date: without a day, in other words, in other numerals.
BIRTH_DATES = (
    re.compile(
        r"\b(?:born|birthday|birth ?date|date of birth|d\.?o\.?b\.?)(?:\s+(?:is|was|on|in|the)\b|\s*[:=])*\s*"
        rf"(?P<value>{_DATE_PART}(?:(?: of)?[ ,./-]{{1,2}}{_DATE_PART}){{1,2}})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:出生(?:日期|年月)?|生日|生)(?:于|是|为|[:：])?\s*(?P<value>{_NUMERALS}{{2,4}}年{_NUMERALS}{{1,3}}月(?:{_NUMERALS}{{1,3}}[日号])?)"
    ),
    re.compile(rf"(?P<value>{_NUMERALS}{{2,4}}年{_NUMERALS}{{1,3}}月(?:{_NUMERALS}{{1,3}}[日号])?)(?=出?生)"),
)
