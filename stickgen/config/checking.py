"""All that is wrong with a config: the values, the keys, and what must hold between them."""

from __future__ import annotations

from dataclasses import dataclass

from stickgen.config.problem_codes import Code
from stickgen.config.rules import Severity, Site, broken_rules
from stickgen.config.schema import GROUPS, KEY_BY_PARTS, KEYS, Key, Value
from stickgen.config.settings import Settings
from stickgen.config.suggesting import nearest
from stickgen.text import clean
from stickgen.yaml_edit import (
    Document,
    KeyPath,
    Mapping,
    Node,
    Scalar,
    format_value,
    line_and_column,
    odd_character,
    path_of,
    path_text,
    reading_1_1,
    reads_alike,
    resolve,
    slip,
    truth_1_1,
    without_odd,
)

_GROUPS = {group.name for group in GROUPS}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and what to do."""

    code: Code
    severity: Severity
    path: str
    line: int
    column: int
    value: object
    message: str
    fix: str
    edit: tuple[str, Value] | None = None  # a key and the value that fixes it, if one is known
    rename: str | None = None  # the name that fixes a misspelt key
    parts: tuple[str, ...] = ()  # the path as a document takes it

    @property
    def fixable(self) -> bool:
        """Whether the edit that fixes it is known."""
        return self.edit is not None or self.rename is not None

    def sentence(self, name: str) -> str:
        """`file:line:column: key: message; fix [code]`."""
        return f"{name}:{self.line}:{self.column}: {self.path}: {self.message}; {self.fix} [{self.code}]"


def check(document: Document, where: Site | None = None, *, infos: bool = False) -> list[Problem]:
    """Everything that is wrong with a document: types, ranges, unknown keys, rules between keys.

    `where` adds the rules between the config and a machine or dataset; `infos` adds what may well be intended.
    """
    look = _Look(document)
    root = document.node_root
    for group, entry in (root.items if root is not None else {}).items():
        if group in _GROUPS:
            look.at_section(group, entry.value)
        else:
            look.at_unknown((group,), entry.key.start, section=not isinstance(entry.value, Scalar))
    if not any(problem.severity == "error" for problem in look.problems):
        look.at_rules(where, infos)
    return sorted(look.problems, key=lambda problem: (problem.line, problem.column))


class _Look:
    """One look at a document: the problems so far, and the values of all keys, in the file or by default."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.values: dict[str, Value] = {key.path: key.default for key in KEYS}

    def at_section(self, group: str, section: Node) -> None:
        """What is wrong in a section that the schema has."""
        if isinstance(section, Scalar) and section.value is None:
            return
        if not isinstance(section, Mapping):
            shown = self._shown(section)
            fault = slip(self.document.text, section.start)
            fix = fault.message if fault is not None else f"write keys below `{group}:`"
            self._add(Code.NOT_A_SECTION, (group,), section.start, shown, f"{shown} is no section", fix)
            return
        for name, entry in section.items.items():
            key = KEY_BY_PARTS.get((group, name))
            if key is None:
                self.at_unknown((group, name), entry.key.start)
            else:
                self.at_value(key, entry.value)

    def at_value(self, key: Key, node: Node) -> None:
        """What is wrong with the value of a key."""
        if not isinstance(node, Scalar):
            fix = f"it must be {key.range_text()}"
            self._add(Code.NOT_A_VALUE, key.parts, node.start, None, "is a list or a section", fix)
            return
        try:
            value = self.values[key.path] = key.check(node.value)
        except ValueError as error:
            meant = _meant(key, node)
            fix = f"write {format_value(meant)}" if meant is not None else ""
            fix = fix or odd_character(node.text) or f"for example `{key.name}: {format_value(key.default)}`"
            message = f"{self._shown(node) or 'nothing'} {_why(node)}{error}"
            edit = None if meant is None else (key.path, meant)
            self._add(Code.NOT_ALLOWED, key.parts, node.start, node.value, message, fix, edit=edit)
            return
        if node.style is None and not node.decorated and not reads_alike(node.text):
            self._add(
                Code.READS_DIFFERENTLY, key.parts, node.start, node.value,
                f"{node.text} reads as {reading_1_1(node.text)} in programs with YAML 1.1",
                f"write {format_value(value, None, node.text)}",
                severity="warning", edit=(key.path, value),
            )  # fmt: skip

    def at_unknown(self, parts: KeyPath, at: int, *, section: bool = False) -> None:
        """A key that the schema does not have: an error if it is a misspelt one."""
        near = nearest(parts, section=section)
        odd, plain = odd_character(parts[-1]), without_odd(parts[-1])
        if odd is not None and (
            (*parts[:-1], plain) in KEY_BY_PARTS or (len(parts) == 1 and plain in _GROUPS)
        ):
            self._add(Code.MISSPELT_KEY, parts, at, None, "unknown key", odd, rename=plain)
            return
        fix = f"did you mean {path_text(near.parts)}?" if near else "it is kept, and has no effect"
        if near is None or not near.misspelt:
            self._add(Code.UNKNOWN_KEY, parts, at, None, "unknown key", fix, severity="warning")
            return
        free = near.parts[:-1] == parts[:-1] and self.document.node(near.parts) is None
        self._add(
            Code.MISSPELT_KEY, parts, at, None, "unknown key", fix, rename=near.parts[-1] if free else None
        )

    def at_rules(self, where: Site | None, infos: bool) -> None:
        """What does not hold between keys, or between them and where the config runs."""
        for rule in broken_rules(Settings().replace(self.values), where):
            if rule.severity == "info" and not infos:
                continue
            node = self.document.node(rule.path)
            node = node or (self.document.node(rule.related) if rule.related else None)
            self._add(
                rule.code, path_of(rule.path), node.start if node else 0, self.values[rule.path],
                rule.message, rule.fix, severity=rule.severity, edit=rule.edit,
            )  # fmt: skip

    def _shown(self, node: Node) -> str:
        return clean(self.document.text[node.start : node.end], single_line=True, limit=40)

    def _add(
        self, code: Code, parts: KeyPath, at: int, value: object, message: str, fix: str,
        *, severity: Severity = "error", edit: tuple[str, Value] | None = None, rename: str | None = None,
    ) -> None:  # fmt: skip
        line, column = line_and_column(self.document.text, at)
        path = clean(path_text(parts), single_line=True)
        self.problems.append(
            Problem(code, severity, path, line, column, value, message, fix, edit, rename, parts)
        )


def _meant(key: Key, node: Scalar) -> Value | None:
    """The value that a text is meant to be: a truth of YAML 1.1, a number in quotes; None if that is open."""
    if node.decorated or not isinstance(node.value, str):
        return None
    if key.type is bool and node.style is None:
        return truth_1_1(node.text)
    try:
        return key.check(resolve(node.text.strip())) if node.style is not None else None
    except ValueError:
        return None


def _why(node: Scalar) -> str:
    return "is text: " if node.style is not None or isinstance(node.value, str) else ""
