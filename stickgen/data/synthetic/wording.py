"""English captions for performances: persons, tenses, pronouns, plain English, and occasionally a typo."""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass, replace

from stickgen.data.synthetic.phrase import Chance, Phrase
from stickgen.data.synthetic.phrasebook import Facts, Line, lines_for
from stickgen.data.synthetic.styles import Style
from stickgen.data.synthetic.verbs import Form, inflected

TYPO_SHARE = 0.03  # share of the captions, except the first
PLAIN_SHARE = 0.4  # share of plain captions ("a person walks"); the rest have other forms


@dataclass(frozen=True)
class Subject:
    """Who performs the action, and their pronouns."""

    name: str
    own: str = "their"
    they: str = "they"
    them: str = "them"
    reflexive: str = "themselves"


def _he(name: str) -> Subject:
    return Subject(name, "his", "he", "him", "himself")


def _she(name: str) -> Subject:
    return Subject(name, "her", "she", "her", "herself")


def _it(name: str) -> Subject:
    return Subject(name, "its", "it", "it", "itself")


PERSON = Subject("a person")
SUBJECTS = (
    PERSON, PERSON, PERSON, PERSON, PERSON, PERSON, Subject("someone"), Subject("someone"), Subject("somebody"),
    Subject("the person"), Subject("this person"), Subject("a human"), Subject("an actor"), Subject("a performer"),
    _he("a man"), _he("a man"), _he("the man"), _he("a guy"), _he("a guy"), _he("this guy"), _he("a dude"),
    _he("some guy"), _she("a woman"), _she("a woman"), _she("the woman"), _she("a lady"), _it("the figure"),
    _it("a figure"), _it("a stick figure"), _it("a stick figure"), _it("the stick figure"), _he("a stickman"),
    Subject("the character"),
)  # fmt: skip
HE, SHE, THEY = _he("he"), _she("she"), Subject("they")
YOU = Subject("", "your", "you", "you", "yourself")
THINGS = (
    "something",
    "a box",
    "a ball",
    "a bag",
    "an object",
    "a heavy box",
    "it",
    "a thing",
    "a suitcase",
    "a log",
)
SMALL = ("something", "a ball", "a coin", "a pen", "an object", "a stone", "it", "a key", "something small")
BALLS = (
    "a ball",
    "the ball",
    "something",
    "a stone",
    "a rock",
    "a baseball",
    "a snowball",
    "an object",
    "a dart",
)
SEEN = (
    "there is {}", "we see {}", "you can see {}", "a clip of {}", "an animation of {}", "show me {}", "this is {}",
    "picture {}", "here's {}", "a short video of {}",
)  # fmt: skip
TIMES: dict[int, tuple[str, ...]] = {
    1: ("once", "once", "one time", "a single time"),
    2: ("twice", "twice", "two times", "2 times", "two times in a row"),
    3: ("three times", "three times", "3 times", "three times in a row", "thrice"),
    4: ("four times", "four times", "4 times", "four times in a row"),
    5: ("five times", "5 times", "several times"), 6: ("six times", "6 times", "several times"),
}  # fmt: skip
NUMBERS = ("", "one", "two", "three", "four", "five", "six")
_CHOICE = re.compile(r"<([^<>]*)>")
_SLOT = re.compile(r"\{(\w+)\}")
_COUNTED = re.compile(r"\{n:([^}]*)\}")
_VERB = re.compile(r"\[(\w+)\]")


def sentences(phrases: list[Phrase], style: Style | None, chance: Chance, count: int) -> list[str]:
    """Up to `count` different captions of the phrases in order, each of which mentions the style.

    The first one is plain. Captions may omit facts but never contradict them.
    """
    found: dict[str, None] = {_sentence(phrases, style, chance, plain=True): None}
    for _ in range(3 * count):
        if len(found) == count:
            break
        text = _sentence(phrases, style, chance, plain=chance.rng.random() < PLAIN_SHARE)
        found[_misspelt(text, chance) if chance.rng.random() < TYPO_SHARE else text] = None
    return list(found)


def _sentence(phrases: list[Phrase], style: Style | None, chance: Chance, *, plain: bool) -> str:
    who = SUBJECTS[int(chance.rng.integers(len(SUBJECTS)))]
    manner = ""
    if style is not None:
        manner = chance.pick(*style.how)
        if style.who != "a person" and (not manner or chance.rng.random() < 0.4):
            who, manner = replace(PERSON, name=style.who), ""
    tags = frozenset() if style is None else frozenset((style.tag,))
    kind = "plain" if plain else chance.pick(*_KINDS)
    if (
        manner == ""
        and style is not None
        and style.who != "a person"
        and kind in ("he", "they", "do", "doing")
    ):
        kind = "plain"  # the other forms name nobody, so the style would be lost
    if kind == "he":
        who = HE if chance.rng.random() < 0.5 else SHE
    elif kind == "they":
        who = THEY
    elif kind in ("do", "make"):
        who = who if kind == "make" else YOU
    form = _FORM.get(kind, Form.PRESENT)
    if len(phrases) > 1 and kind in ("is", "doing", "who"):
        form = Form.GERUND
    clauses = []
    for number, phrase in enumerate(phrases):
        clauses.append(_Clause(phrase, tags, manner if number == 0 else "", chance))
    said = _joined([clause.said(form, who, chance) for clause in clauses], clauses, who, form, chance)
    if form is Form.PRESENT and len(clauses) > 1 and said.startswith("after ") or kind in ("do", "doing"):
        text = said
    elif kind == "is":
        text = f"{who.name} {'are' if who is THEY else 'is'} {said}"
    elif kind == "seen":
        text = chance.pick(*SEEN).format(f"{who.name} {said}")
    elif kind == "who":
        text = f"{who.name} who is {said}"
    elif kind == "make":
        text = chance.pick("make {} {}", "let {} {}", "{} starts to {}").format(who.name, said)
    else:
        text = f"{who.name} {said}"
    return text[0].upper() + text[1:] + "." if not plain and chance.rng.random() < 0.15 else text


# the forms of sentences that are not plain, in these proportions
_KINDS = ("is", "is", "is", "he", "he", "they", "past", "past", "participle", "participle", "seen", "seen", "do", "do", "doing",
          "who", "make")  # fmt: skip
_FORM = {
    "is": Form.GERUND, "participle": Form.GERUND, "seen": Form.GERUND, "doing": Form.GERUND, "who": Form.GERUND,
    "they": Form.BASE, "do": Form.BASE, "make": Form.BASE, "past": Form.PAST,
}  # fmt: skip


class _Clause:
    """A phrase with its chosen line, which can be put into any form."""

    def __init__(self, phrase: Phrase, tags: frozenset[str], manner: str, chance: Chance) -> None:
        self.facts: Facts = phrase.facts
        lines, shares = lines_for(phrase.action, self.facts.holding(tags), self.facts.count > 0)
        line = lines[min(bisect(shares, chance.rng.random()), len(lines) - 1)]
        # the line says fast or slow itself
        self.text = _behind(
            _chosen(line.text, chance), line, self.facts, manner if not tags & line.needs else "", chance
        )

    def said(self, form: Form, who: Subject, chance: Chance) -> str:
        """The clause with `who` as its subject and verbs in `form`."""
        side = self.facts.side
        own = who.own if who is YOU or chance.rng.random() < 0.55 else "the"
        known = {
            "side": side,
            "other": {"left": "right", "right": "left"}.get(side, ""),
            "handed": "clockwise" if side == "right" else "counterclockwise",
            "own": own, "they": who.they, "them": who.them, "reflexive": who.reflexive,
        }  # fmt: skip

        def slot(match: re.Match[str]) -> str:
            name = match[1]
            if name in known:
                return known[name]
            return chance.pick(*{"thing": THINGS, "small": SMALL, "ball": BALLS}[name])

        text = _SLOT.sub(slot, self.text)
        text = _COUNTED.sub(lambda match: _several(match[1], self.facts.count, chance), text)
        return _VERB.sub(lambda match: inflected(match[1], form), text)


def _chosen(text: str, chance: Chance) -> str:
    text = _CHOICE.sub(lambda match: chance.pick(*match[1].split("|")), text)
    return " ".join(text.replace(" ,", ",").split())


def _behind(text: str, line: Line, known: Facts, manner: str, chance: Chance) -> str:
    """The text followed by what it does not say yet: how often, and in what manner."""
    if not line.counts and known.count and chance.rng.random() < (0.75 if 1 < known.count < 5 else 0.35):
        text += " " + (chance.pick(*TIMES[known.count]) if known.count in TIMES else "many times")
    if not manner:
        return text
    if manner.endswith("ly") and " " not in manner and chance.rng.random() < 0.5:
        return f"{manner} {text}"
    return f"{text} {manner}"


def _several(noun: str, count: int, chance: Chance) -> str:
    """`two squats`, `a squat`."""
    if count == 1:
        article = "an" if noun[0] in "aeiou" else "a"
        return f"{article if chance.rng.random() < 0.7 else chance.pick('one', '1', 'a single')} {noun}"
    many = noun + ("es" if noun.endswith("ch") else "s")
    if count > 6:
        return f"many {many}"
    if count > 4 and chance.rng.random() < 0.3:
        return f"several {many}"
    return f"{NUMBERS[count] if chance.rng.random() < 0.7 else count} {many}"


def _joined(said: list[str], clauses: list[_Clause], who: Subject, form: Form, chance: Chance) -> str:
    if len(said) == 1:
        return said[0]
    if len(said) == 2:
        first, second = said
        ways = ["{0}, then {1}", "{0} and then {1}", "first {0} and afterwards {1}", "{0}, and then {1}"]
        if form in (Form.PRESENT, Form.PAST):
            if chance.rng.random() < 0.2:
                second = clauses[1].said(Form.GERUND, who, chance)
                return f"{first} before {second}"
            if chance.rng.random() < 0.15 and form is Form.PRESENT:
                first = clauses[0].said(Form.GERUND, who, chance)
                return f"after {first}, {who.name} {second}"
        return chance.pick(*ways).format(first, second)
    return chance.pick("{}, then {}, and finally {}", "{}, {}, and then {}").format(*said)


def _misspelt(text: str, chance: Chance) -> str:
    """The text with one letter dropped, doubled or swapped with the next, in one of its longer words."""
    words = list(re.finditer(r"[a-z]{4,}", text))
    if not words:
        return text
    word = words[int(chance.rng.integers(len(words)))]
    at = int(chance.rng.integers(word.start() + 1, word.end() - 1))
    kind = chance.rng.random()
    if kind < 0.4:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if kind < 0.75 else text[:at] + text[at] + text[at:]
