"""English sentences for what was performed."""

from __future__ import annotations

from stickgen.data.synthetic.phrase import Chance, Phrase
from stickgen.data.synthetic.styles import Style

SUBJECTS = ("a person", "a person", "a person", "someone", "a man", "a woman", "the figure", "a stick figure")


def sentences(phrases: list[Phrase], style: Style | None, chance: Chance, count: int) -> list[str]:
    """Up to `count` different captions of the phrases in order, the style told in each."""
    found: dict[str, None] = {}
    for _ in range(3 * count):
        found[_sentence(phrases, style, chance)] = None
        if len(found) == count:
            break
    return list(found)


def _sentence(phrases: list[Phrase], style: Style | None, chance: Chance) -> str:
    said = [chance.pick(*phrase.words) for phrase in phrases]
    who = chance.pick(*SUBJECTS)
    if style is not None:
        adverb = style.how.endswith("ly")
        if style.who != "a person" and not (adverb and chance.rng.random() < 0.5):
            who = style.who
        else:  # before the verb, where it belongs to no other
            said = [f"{style.how} {said[0]}", *said[1:]]
    return _joined(who, said, chance)


def _joined(who: str, said: list[str], chance: Chance) -> str:
    if len(said) == 1:
        return f"{who} {said[0]}"
    if len(said) == 2:
        first, second = said
        return chance.pick(
            f"{who} {first}, then {second}",
            f"{who} {first} and then {second}",
            f"{who} first {first} and afterwards {second}",
        )
    first, second, third = said
    return chance.pick(
        f"{who} {first}, then {second}, and finally {third}",
        f"{who} {first}, {second}, and then {third}",
    )
