"""Which line of a YAML text is at fault: often not the one that the parser stops at, but one before it.

A key without its colon, a colon without its blank, a blank or a colon that only looks like one: the parser takes the
line for the beginning of a longer text and stops at the next one. A quote or a bracket that is not closed is found
where something else ends it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # look like a blank and are none to YAML
_UNSEEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"  # are not seen at all
_COLONS = "\uff1a\ufe55\ufe13\u2236\ua789\u02d0"
_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a\uff02\uff07"
_MINUS = "\u2010-\u2015\u2212\ufe63\uff0d"
_WIDE = "\uff01-\uff0f\uff10-\uff19\uff1b-\uff5e\uff0c"
_ODD = re.compile(f"[{_BLANKS}{_UNSEEN}{_COLONS}{_QUOTES}{_MINUS}{_WIDE}]")
_KEY = r"""(?:- +)*(?:"[^"\n]*"|'[^'\n]*'|[^\s:#'"\[{&*!|>%@`-][^:#\n]*?)"""
_ENTRY = re.compile(rf"\s*{_KEY}\s*:(?:\s|$)")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)|^={7}$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """Where a text is at fault, and what to do about it."""

    offset: int
    message: str


def guilty(text: str, offset: int, began: int | None = None) -> Fault | None:
    """What is wrong with the line at which the parser stopped, or with one before it; None if that is not known.

    `offset` is where it stopped, `began` where what it was reading began, if it says so.
    """
    merge = _CONFLICT.search(text)
    if merge is not None:
        return Fault(merge.start(), "a merge that was not finished; choose a side, and take the marks away")
    lines = _lines_before(text, offset)
    suspects = {start for start, _ in lines[:2]}
    if began is not None:
        suspects.add(text.rfind("\n", 0, began) + 1)
        lines.sort(key=lambda line: line[0] not in suspects)
    for start, line in lines:
        found = _odd_in(line) or _tab(line) or _quote(line, text, start)
        if found is None and start in suspects:
            found = _colon(line)
        if found is not None:
            return Fault(start + found[0], found[1])
    return None


def slip(text: str, offset: int) -> Fault | None:
    """What is wrong with the line of `offset`, where a single value stands that should be a key with its value."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:].split("\n", 1)[0].rstrip("\r")
    found = _odd_in(line) or _colon(line)
    return None if found is None else Fault(start + found[0], found[1])


def odd_character(text: str) -> str | None:
    """What a value has in it that looks like something else, in words; None if there is nothing of the kind."""
    found = _ODD.search(text)
    return None if found is None else _named(found.group())


def without_odd(name: str) -> str:
    """A key without what is not seen in it, or not as what it is."""
    return re.sub(f"[{_UNSEEN}{_BLANKS}]", "", unicodedata.normalize("NFKC", name))


def _lines_before(text: str, offset: int, most: int = 30) -> list[tuple[int, str]]:
    """The line of `offset` and those with something in them before it, each with where it begins."""
    lines: list[tuple[int, str]] = []
    start, end = text.rfind("\n", 0, offset) + 1, text.find("\n", offset)
    end = len(text) if end < 0 else end
    while len(lines) < most:
        line = text[start:end].rstrip("\r")
        if line.strip() and not line.lstrip().startswith("#"):
            lines.append((start, line))
        if start == 0:
            break
        end = start - 1
        start = text.rfind("\n", 0, end) + 1
    # a sound entry is stopped at because of what stands before it
    if len(lines) > 1 and _ENTRY.match(lines[0][1]) and _odd_in(lines[0][1]) is None:
        lines[:2] = lines[1::-1]
    return lines


def _odd_in(line: str) -> tuple[int, str] | None:
    bare = re.sub(r"""(?<!\S)#.*|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""", lambda m: " " * len(m.group()), line)
    found = _ODD.search(bare)
    if found is None:
        return None
    return found.start(), _named(found.group())


def _named(character: str) -> str:
    name = unicodedata.name(character, "a character without a name").lower()
    code = f"U+{ord(character):04X} ({name})"
    if re.match(f"[{_BLANKS}]", character):
        return f"{code} is no blank to YAML; write an ordinary one"
    if re.match(f"[{_UNSEEN}]", character):
        return f"{code} is not seen; take it away"
    plain = unicodedata.normalize("NFKC", character)
    if re.match(f"[{_COLONS}]", character):
        plain = ":"
    elif re.match(f"[{_MINUS}]", character):
        plain = "-"
    elif re.match(f"[{_QUOTES}]", character):
        plain = "'" if "single" in name or "apostrophe" in name else '"'
    return f"{character} is {code}; write {plain}"


def _tab(line: str) -> tuple[int, str] | None:
    indent = re.match(r"[ ]*\t", line)
    return None if indent is None else (indent.end() - 1, "a tab indents this line; YAML wants spaces")


def _quote(line: str, text: str, start: int) -> tuple[int, str] | None:
    """A quote that is not closed on its line, where the next line is an entry of its own."""
    opened = re.match(rf"\s*(?:{_KEY}\s*:\s+|-\s+)(?=[\"'])", line)
    if opened is None:
        return None
    at = opened.end()
    closed = re.match(r'"(?:[^"\\]|\\.)*"' if line[at] == '"' else r"'(?:[^']|'')*'", line[at:])
    following = text[start + len(line) :].lstrip("\r\n").split("\n", 1)[0]
    if closed is None:
        return (
            (at, "the quote that opens here is not closed")
            if _ENTRY.match(following) or not following
            else None
        )
    rest = line[at + closed.end() :].strip()
    if rest and rest[0] not in "#,]}:":
        return at + closed.end(), "there is more behind the closing quote; write the quotes around all of it"
    return None


def _colon(line: str) -> tuple[int, str] | None:
    """`key:value`, `key=value` and `key value`, which are a text and no entry."""
    if _ENTRY.match(line) or re.match(r"\s*(?:-(?:\s|$)|[\[\]{},\"'&*!|>?]|---|\.\.\.|%)", line):
        return None
    glued = re.match(r"(\s*[\w.-]+):(?=[^\s:/])", line)
    if glued is not None:
        return glued.end() - 1, "no blank behind the colon; write `key: value`"
    equals = re.match(r"(\s*[\w.-]+)\s*=", line)
    if equals is not None:
        return equals.end() - 1, "an equals sign; write `key: value`"
    dash = re.match(r"\s*-(?=[^\s-])", line)
    if dash is not None:
        return dash.end() - 1, "no blank behind the dash; write `- item`"
    word = re.match(r"\s*[\w.-]+", line)
    return None if word is None else (word.end(), "no colon behind the key; write `key: value`")
