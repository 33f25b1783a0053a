"""The action that a plain sentence tells of, if its first verb is the name of one."""

from __future__ import annotations

import re

from stickgen.data.actions import ACTIONS, action_of_label

_WHO = {
    "a", "the", "an", "person", "man", "woman", "actor", "actress", "character", "someone", "somebody", "he", "she", "they",
    "figure", "human", "people",
}  # fmt: skip
_HOW = re.compile(r"\w+ly")  # slowly walks
_MORE = re.compile(r"[,;/&+]| - |\b(?:and|then|while|before|after|to)\b")


def action_told(text: str, *, whole: bool = False) -> str:
    """The name of the action in `he slowly walks to the left` or `walk`; "" if the first verb is none of the 64.

    Only the first verb is looked at, because a noun may look like an action: nobody punches who carries a box. With
    `whole`, the text must tell of nothing else besides.
    """
    words = re.findall(r"[a-z]+", text.lower())
    while words and (words[0] in _WHO or _HOW.fullmatch(words[0])):
        words = words[1:]
    if not words or (whole and _MORE.search(text.lower())):
        return ""
    for count in (3, 2, 1):
        for verb in _plain_forms(words[0]):
            action = action_of_label(" ".join((verb, *words[1:count])))
            if action is not None and len(words) >= count:
                return ACTIONS[action].name
    return ""


def _plain_forms(verb: str) -> list[str]:
    """walks, walking → walk; waves, waving → wave; claps, clapping → clap; punches → punch; carries → carry."""
    forms = [verb]
    if verb.endswith("ies"):
        forms.append(verb[:-3] + "y")
    if verb.endswith("es"):
        forms.append(verb[:-2])
    if verb.endswith("s"):
        forms.append(verb[:-1])
    if verb.endswith("ing"):
        stem = verb[:-3]
        forms += [stem, stem + "e"]
        if stem[-2:-1] == stem[-1:]:
            forms.append(stem[:-1])
    return forms
