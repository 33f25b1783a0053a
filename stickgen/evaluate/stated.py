"""Which side of a contrast a caption states, by its words: the ground truth for testing the rules."""

from __future__ import annotations

import re

_NUMBERS = {"once": "1", "one": "1", "single": "1", "twice": "2", "two": "2", "double": "2", "thrice": "3", "three": "3",
            "triple": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8"}  # fmt: skip
_TIMES = re.compile(rf"\b({'|'.join(_NUMBERS)}|[1-9])\b")
_NOT_A_LIMB = re.compile(
    r"\b(to|on|towards?|over to) (the|their|his|her|its|your|my)? ?(own )?(left|right)\b(?! (arm|hand|fist|leg|foot|knee))"
)
_NOT_A_COUNT = re.compile(
    r"\b(one (foot|leg|knee|hand|arm|fist|after|by|at a time|side|of)|(on|with|from) (one|two)\b(?! (push|sit))|two(-handed| hands| arms| feet| legs| fists)|all fours|at once)"
)
_NOT_A_HEIGHT = re.compile(r"\b(high|low) (spirits?|speed|tempo|pace|energy)\b")
_GOES_NOWHERE = re.compile(r"\b(on the spot|in place|without (moving|going))\b")
_LIFTED = re.compile(r"\blift(s|ed|ing)? .*\bbalanc")  # lifting the left foot means standing on the right
_OTHER = {"left": "right", "right": "left"}

_WORDS: dict[str, dict[str, str]] = {
    "hand": {"left": r"\bleft\b|\bleft-handed\b|\blefty\b", "right": r"\bright\b|\bright-handed\b|\brighty\b"},
    "leg": {"left": r"\bleft\b|\bleft-footed\b", "right": r"\bright\b|\bright-footed\b"},
    "direction": {
        "forward": r"\bforwards?\b|\bahead\b|\bfront flip\b|\bonwards?\b|\bon (the|their|his|her) face\b",
        "backward": r"\bback(wards?)?\b|\bbacks\b|\bbackflips?\b|\breverse\b|\bmoonwalk",
    },
    "speed": {
        "fast": r"\bquick(ly|er)?\b|\bfast\b|\brapid(ly)?\b|\bswift(ly)?\b|\bhurr(y|ies|ied|iedly|ying)\b|\bspeedily\b|\bspeed\b",
        "slow": r"\bslow(ly|er)?\b|\bunhurried(ly)?\b|\bleisurely\b|\bsluggish(ly)?\b",
    },
    "height": {
        "high": r"\bhigh\b|\bup\b|\boverhead\b|\bchair\b|\bseat\b(?! on)|\bstool\b|\bbench\b",
        "low": r"\blow\b|\bforward\b|\bchest\b|\bfloor\b|\bground\b|\bdown low\b",
    },
}  # fmt: skip
_PATTERNS = {
    axis: {side: re.compile(words) for side, words in sides.items()} for axis, sides in _WORDS.items()
}


def stated(axis: str, text: str) -> str | None:
    """The side of `axis` that a caption of one action states; None if it states none, or more than one."""
    text = text.lower()
    if axis == "count":
        found = {_NUMBERS.get(word, word) for word in _TIMES.findall(_NOT_A_COUNT.sub(" ", text))}
        return found.pop() if len(found) == 1 else None
    if axis in ("hand", "leg"):
        text = _NOT_A_LIMB.sub(" ", text)
    elif axis == "height":
        text = _NOT_A_HEIGHT.sub(" ", text)
    elif axis == "direction" and _GOES_NOWHERE.search(text):
        return None
    sides = [side for side, pattern in _PATTERNS[axis].items() if pattern.search(text)]
    if len(sides) != 1:
        return None
    return _OTHER[sides[0]] if axis == "leg" and _LIFTED.search(text) else sides[0]
