"""Captions as people would write them: without what other programs left in them, and each wording once."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from torch import Tensor

from stickgen.data.mirroring import side_words
from stickgen.data.opposites import opposite
from stickgen.text import clean

SAME = 0.985  # cosine of the embeddings of two captions that say the same
# `a man walks#a/DET man/NOUN walk/VERB#0.0#0.0`
_TIMED = re.compile(r"^([^#]+)#[^#]*(?:#\s*(?:[\d.]+|nan)\s*){2}$", re.IGNORECASE)
_PART_OF_SPEECH = re.compile(r"(?<=\w)/[A-Z]{2,5}\b")
_MARKUP = re.compile(r"<[^<>]*>|https?://\S+|\[[^\[\]]*\]")
_PREFIX = re.compile(r"^\s*(?:caption|text|description|label|prompt)\s*[:=]\s*", re.IGNORECASE)
_FILE = re.compile(r"^\S+\.(?:bvh|amc|asf|c3d|npz|npy|fbx|csv|trc|json|txt)$", re.IGNORECASE)
_QUOTES = "\"'“”‘’«»` "
_WORD = re.compile(r"[^\W_]+")
_ARTICLES = {"a", "an", "the"}
_NUMBER = re.compile(r"\b(?:\d+|one|two|three|four|five|six|once|twice|thrice)\b", re.IGNORECASE)


def cleaned(text: str) -> str:
    """The caption itself; "" if nothing is left.

    Timed tokens, parts of speech, markup, addresses, quotation marks around it and `caption:` before it are removed. A
    name of a file is no caption; one whose words are joined by underscores is taken apart.
    """
    text = html.unescape(text)
    if match := _TIMED.match(text.strip()):
        text = match[1]
    text = _PREFIX.sub("", _MARKUP.sub(" ", _PART_OF_SPEECH.sub("", text)))
    text = " ".join(clean(text, single_line=True).split()).strip(_QUOTES).strip()
    if _FILE.match(text):
        return ""
    if " " not in text and "_" in text:
        text = " ".join(text.replace("_", " ").split())
    return text if any(len(word) > 1 and word.isalpha() for word in _WORD.findall(text)) else ""


def wording(text: str) -> str:
    """The words alone: two captions of one wording differ in capitals, punctuation and articles."""
    words = _WORD.findall(text.casefold())
    return " ".join(word for word in words if word not in _ARTICLES) or " ".join(words)


def merged(texts: Sequence[str]) -> list[str]:
    """The cleaned captions of a clip, each wording once; the first as it is if nothing is left of any."""
    found: dict[str, str] = {}
    for text in map(cleaned, texts):
        if text:
            found.setdefault(wording(text), text)
    return list(found.values()) or list(texts[:1])


def say_the_same(first: str, second: str, cosine: float) -> bool:
    """Whether one of two captions is enough. Texts that differ in a side, a way, a speed or a number are near, yet differ."""
    return (
        cosine >= SAME
        and side_words(first) == side_words(second)
        and _NUMBER.findall(first.lower()) == _NUMBER.findall(second.lower())
        and (opposite(first) is None) == (opposite(second) is None)
    )


def told_apart(texts: Sequence[str], embeddings: Tensor) -> list[int]:
    """Which of a clip's captions to keep, so that no two say the same; `embeddings` [n, e] are of length 1."""
    kept: list[int] = []
    for number, text in enumerate(texts):
        near = (float(embeddings[number] @ embeddings[other]) for other in kept)
        if not any(say_the_same(text, texts[other], apart) for other, apart in zip(kept, near, strict=True)):
            kept.append(number)
    return kept
