"""How amounts are written: number words, units and the patterns by which ``tasks.quantities`` finds them.

A pattern is tried on what the patterns before it have left of a text; see the order there.
"""

from __future__ import annotations

import re

MINUTES_AN_HOUR, MINUTES_A_DAY = 60, 24 * 60
#: Units of quantities; the empty one is a bare number.
BARE, MIN, PERCENT, BPM, A_MINUTE, MS, CLOCK = "", "min", "%", "bpm", "a minute", "ms", "clock"
NIGHTS, A_DAY, WEEKS, YEARS, MASS, DRINKS, TIMES, DEGREES = (
    "nights", "a day", "weeks", "years", "mg", "drinks", "times", "degC",
)  # fmt: skip
SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
WORDS = {word: value for value, word in enumerate(SMALL)} | {word: 10 * n for n, word in enumerate(TENS, start=2)}
PARTS = {"½": 0.5, "¼": 0.25, "¾": 0.75}

BELOW_HUNDRED = rf"(?:(?:{'|'.join(TENS)})(?:[ -](?:{'|'.join(SMALL[1:10])}))?|{'|'.join(reversed(SMALL))})"
WORD = rf"\b{BELOW_HUNDRED}(?: hundred(?: (?:and )?{BELOW_HUNDRED})?)?\b"
DIGITS = r"(?<![\w.:,])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?[½¼¾]?|[½¼¾])"
NUMBER = rf"(?:{DIGITS}|{WORD})"
SIGN = r"(?:(?<![\w.%)])[+\-\u2212])?"
HOUR, MINUTE = r"(?:hours?|hrs?|h)(?![a-z])", r"(?:minutes?|mins?)(?![a-z])"

#: Units as they are written, what they are called here, and what one of them is.
UNITS: tuple[tuple[str, str, float], ...] = (
    (r"(?:beats?|bpm)(?: ?/ ?min| (?:a|per) minute)?\b", BPM, 1),
    (r"(?:breaths?(?: ?/ ?min| (?:a|per) minute)?|brpm)\b", A_MINUTE, 1),
    (r"(?:/ ?min|(?:a|per) minute)\b", A_MINUTE, 1),
    (MINUTE, MIN, 1),
    (HOUR, MIN, MINUTES_AN_HOUR),
    (r"(?:seconds?|secs?)\b", MIN, 1 / MINUTES_AN_HOUR),
    (r"(?:milliseconds?|ms)\b", MS, 1),
    (r"(?:%(?:[ -]points?)?|(?:per ?cent(?:age points?)?|pct|points?)\b)", PERCENT, 1),
    (r"(?:nights?|evenings?|days?|mornings?)\b", NIGHTS, 1),
    (r"(?:steps?(?: (?:a|per|each) day)?|(?:a|per|each) day)\b", A_DAY, 1),
    (r"(?:weeks?|months?)\b", WEEKS, 1),
    (r"(?:years?|yrs?)\b(?:[ -]olds?\b)?", YEARS, 1),
    (r"(?:mg|mcg|µg|ug|g|grams?|milligrams?|micrograms?|iu|ml|kg)\b", MASS, 1),
    (r"(?:drinks?|glass(?:es)?|cups?|units?|beers?|coffees?)\b", DRINKS, 1),
    (r"times\b", TIMES, 1),
    (r"(?:°\s?c|degrees?(?: celsius)?)\b", DEGREES, 1),
)  # fmt: skip
ANY_UNIT = "(?:" + "|".join(pattern for pattern, _, _ in UNITS) + ")"
UNIT_PATTERNS = [(re.compile(pattern), unit, size) for pattern, unit, size in UNITS]

TRAP = re.compile(
    r"https?://\S+|\bdoi:?\s*\S+|\b10\.\d{4,}/\S+|\b\d{4}-\d{2}(?:-\d{2})?\b|\b\d{1,2}([./])\d{1,2}\1(?:\d{4}|\d{2})\b"
    r"|\b\d+(?:\.\d+){2,}\b|\b24 ?/ ?7\b|\b[a-z_][\w]*-\d+(?!\d)(?![.:]\d)|\b[a-z_]+\d\w*|\b\d+(?:st|nd|rd|th|s|x)\b"
    r"|^[ \t]*(?:[-*•] )?\d{1,2}[.)](?=\s)|\bin (?:19|20)\d\d\b|\bet al\.?,? \d{4}\b|\((?:19|20)\d\d\)"
    r"|(?:\b(?:stage|option|step|type|phase|figure|table|question|page|(?<!the )(?<!at )night|day|week|level|no\.|nr\.?)|#) ?\d+\b"
    rf"(?![.:,]\d| ?(?:{ANY_UNIT}))",
    re.MULTILINE,
)
AGE = re.compile(
    r"\b(?:age(?:d)?(?: of| is|:)?|(?:woman|man|person|someone|somebody|adult|people) (?:of|at)) (?P<n>\d{1,3})\b(?![.,:]\d)(?: years?\b)?"
)
CLOCK_TIME = re.compile(
    rf"(?<![\w.:])(?P<h>\d{{1,2}})(?:[:.](?P<m>[0-5]\d))? ?(?P<half>[ap])\.?m\b\.?|(?<![\w.:])(?P<ch>\d{{1,2}}):"
    rf"(?P<cm>[0-5]\d)(?::[0-5]\d)?(?:(?P<unit> ?{HOUR})|(?!\w|:\d))|(?P<oclock>{NUMBER}) o'?clock\b"
    r"|(?P<named>\b(?:noon|midday|midnight)\b)"
)
SPOKEN = re.compile(
    rf"\b(?P<part>half|(?:a )?quarter|{NUMBER}(?: minutes?)?) (?P<side>past|to) (?P<hour>{WORD}|\d{{1,2}}(?![\d.,:]))"
    rf"(?! ?(?:{ANY_UNIT}| and a half|[-\u2013]))"
)
SHARE = re.compile(
    rf"(?P<a>{NUMBER})(?P<ua> ?(?:nights?|evenings?|days?))? (?:of|out of|from) (?:(?:the|your|these|all|last|past) )*"
    rf"(?P<b>{NUMBER})(?!\d| ?(?:{MINUTE}|{HOUR}|%|per ?cent)|[.:]\d)"
    r"(?: (?:logged |recorded |measured )?(?P<u>nights?|evenings?|days?|mornings?)\b)?"
    rf"|(?<![\w.:,/])(?P<a2>\d+) ?/ ?(?P<b2>\d+) (?:logged )?(?P<u2>nights?|evenings?|days?)\b"
)
SPELLED = re.compile(
    r"\b(?:(?P<three>three[ -]quarters) of an hour|(?P<quarter>a quarter(?: of an)? hour)"
    rf"|(?P<half>half an hour|a half[ -]hour)|an? hour(?:(?P<anhalf> and a half)|(?P<anquarter> and a quarter)"
    rf"|(?:,? and|,)? (?P<anmin>{NUMBER}) ?{MINUTE})?)\b"
)
HOURS = re.compile(
    rf"(?P<sign>{SIGN})(?P<n>{NUMBER})(?P<nhalf> and a half)?[ -]?{HOUR}(?:(?P<half> and a half)"
    rf"|[.,]?(?: and| &)? ?(?P<m>\d{{1,2}}(?=[ -]?(?:{MINUTE}|m\b))|{WORD}(?=[ -]{MINUTE}))[ -]?(?:{MINUTE}|m\b)"
    rf"| ?(?P<bare>\d{{2}})(?![\w.,:]*\d| ?{ANY_UNIT}| (?:of|out)\b|[a-z]))?"
)
PLAIN = re.compile(
    rf"(?P<sign>{SIGN})(?P<n>{DIGITS})(?![,:]\d)(?:[ -]?(?P<unit>{ANY_UNIT})|m\b|(?!\w))"
    rf"|(?P<word>{WORD}(?: and a half)?)[ -](?P<wunit>{ANY_UNIT})"
    rf"|(?P<begin>{WORD})(?=(?: to | or | and |[-\u2013])(?:\u0000|{NUMBER}[ -]?{ANY_UNIT}))"
)
RANGE = re.compile(r"\s*(?:[-\u2013\u2014]|to|or|until|through|and)\s*")
ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|approx\.?|nearly|almost|some|close to|circa|ca\.?)|[~≈])\s*(?:at )?\Z"
)
DENIED = re.compile(r"\b(?:not|never|isn't|wasn't|aren't|rather than|instead of)(?: (?:just|quite|even|the|at|a))? \Z")
