"""English verbs in the forms that a caption takes."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache


class Form(Enum):
    """How the verbs of a clause are inflected."""

    BASE = "wave"
    PRESENT = "waves"
    GERUND = "waving"
    PAST = "waved"


_PAST = {
    "be": "was", "bend": "bent", "bring": "brought", "catch": "caught", "come": "came", "creep": "crept", "cut": "cut", "do": "did",
    "drink": "drank", "fall": "fell", "fight": "fought", "fling": "flung", "get": "got", "give": "gave",
    "go": "went", "hit": "hit", "hold": "held", "keep": "kept", "kneel": "knelt", "let": "let", "lie": "lay",
    "make": "made", "put": "put", "rise": "rose", "run": "ran", "say": "said", "set": "set", "shake": "shook",
    "show": "showed", "sink": "sank", "sit": "sat", "spin": "spun", "spring": "sprang", "stand": "stood",
    "stick": "stuck", "strike": "struck", "swing": "swung", "sweep": "swept", "take": "took", "think": "thought",
    "throw": "threw", "lay": "laid", "wind": "wound", "leap": "leaped", "steal": "stole", "shut": "shut",
    "sidestep": "sidestepped", "backpedal": "backpedaled",
}  # fmt: skip
_SHORT = re.compile(
    r"(side)?(qu|[^aeiou])*[aeiou][^aeiouwxy]"
)  # as in run, clap, squat: the last letter is doubled


@lru_cache(maxsize=4096)
def inflected(verb: str, form: Form) -> str:
    """`verb`, given in its base form, in `form`."""
    if form is Form.BASE:
        return verb
    if form is Form.PRESENT:
        if re.search(r"(s|x|z|ch|sh|o)$", verb):
            return verb + "es"
        return verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else verb + "s"
    if form is Form.PAST and verb in _PAST:
        return _PAST[verb]
    stem = verb + verb[-1] if _SHORT.fullmatch(verb) else verb
    if form is Form.GERUND:
        if verb.endswith("ie"):
            return verb[:-2] + "ying"
        return verb[:-1] + "ing" if re.search(r"[^eoy]e$", verb) else stem + "ing"
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if re.search(r"[^aeiou]y$", verb) else stem + "ed"
