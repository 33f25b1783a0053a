"""`TrainingConfig`: read a file, say all that is wrong with it, and hand out checked values."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from pathlib import Path

from stickgen.config import presets
from stickgen.config.key import DEFAULTS
from stickgen.config.problem_codes import Code
from stickgen.config.rules import Severity, Site, broken_rules
from stickgen.config.schema import GROUPS, KEY_BY_PARTS, KEY_BY_PATH, KEYS, Key, Value
from stickgen.config.settings import Settings
from stickgen.config.suggesting import nearest
from stickgen.errors import StickgenError
from stickgen.text import clean
from stickgen.yaml_edit import (
    Document,
    KeyPath,
    Mapping,
    Scalar,
    YamlError,
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


class ConfigError(YamlError):
    """A config whose keys or values are wrong; one that is not even YAML is the YamlError itself."""


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

    `where` adds the rules between the config and a machine or dataset, `infos` what may be meant so.
    """
    problems: list[Problem] = []
    values: dict[str, Value] = {key.path: key.default for key in KEYS}
    root = document.node_root
    groups = {group.name for group in GROUPS}

    def add(
        code: Code, severity: Severity, parts: KeyPath, at: int, value: object, message: str, fix: str,
        edit: tuple[str, Value] | None = None, rename: str | None = None,
    ) -> None:  # fmt: skip
        line, column = line_and_column(document.text, at)
        path = clean(path_text(parts), single_line=True)
        problems.append(Problem(code, severity, path, line, column, value, message, fix, edit, rename, parts))

    def add_unknown(parts: KeyPath, at: int, *, section: bool = False) -> None:
        near = nearest(parts, section=section)
        odd = odd_character(parts[-1])
        plain = without_odd(parts[-1])
        if odd is not None and (
            (*parts[:-1], plain) in KEY_BY_PARTS or (len(parts) == 1 and plain in groups)
        ):
            add(Code.MISSPELT_KEY, "error", parts, at, None, "unknown key", odd, rename=plain)
            return
        fix = f"did you mean {path_text(near.parts)}?" if near else "it is kept, and has no effect"
        if near is None or not near.misspelt:
            add(Code.UNKNOWN_KEY, "warning", parts, at, None, "unknown key", fix)
            return
        free = near.parts[:-1] == parts[:-1] and document.node(near.parts) is None
        rename = near.parts[-1] if free else None
        add(Code.MISSPELT_KEY, "error", parts, at, None, "unknown key", fix, rename=rename)

    for group, group_entry in (root.items if root is not None else {}).items():
        group_key, section = group_entry.key, group_entry.value
        if group not in groups:
            add_unknown((group,), group_key.start, section=not isinstance(section, Scalar))
            continue
        if isinstance(section, Scalar) and section.value is None:
            continue
        if not isinstance(section, Mapping):
            shown = clean(document.text[section.start : section.end], single_line=True, limit=40)
            fault = slip(document.text, section.start)
            fix = f"write keys below `{group}:`"
            if fault is not None:
                fix = fault.message
            add(Code.NOT_A_SECTION, "error", (group,), section.start, shown, f"{shown} is no section", fix)
            continue
        for name, entry in section.items.items():
            node, parts = entry.value, (group, name)
            key = KEY_BY_PARTS.get(parts)
            if key is None:
                add_unknown(parts, entry.key.start)
                continue
            if not isinstance(node, Scalar):
                fix = f"it {_must(key.path)}"
                add(Code.NOT_A_VALUE, "error", parts, node.start, None, "is a list or a section", fix)
                continue
            try:
                values[key.path] = key.check(node.value)
            except ValueError as error:
                shown = clean(document.text[node.start : node.end], single_line=True, limit=40) or "nothing"
                meant = _meant(key, node)
                fix = f"write {format_value(meant)}" if meant is not None else ""
                odd = odd_character(node.text)
                fix = fix or odd or f"for example `{name}: {format_value(key.default)}`"
                edit = None if meant is None else (key.path, meant)
                message = f"{shown} {_why(node)}{error}"
                add(Code.NOT_ALLOWED, "error", parts, node.start, node.value, message, fix, edit)
                continue
            if node.style is None and not node.decorated and not reads_alike(node.text):
                add(
                    Code.READS_DIFFERENTLY, "warning", parts, node.start, node.value,
                    f"{node.text} reads as {reading_1_1(node.text)} in programs with YAML 1.1",
                    f"write {format_value(values[key.path], None, node.text)}", (key.path, values[key.path]),
                )  # fmt: skip
    if not any(problem.severity == "error" for problem in problems):
        for rule in broken_rules(Settings().replace(values), where):
            if rule.severity == "info" and not infos:
                continue
            at = document.node(rule.path) or (document.node(rule.related) if rule.related else None)
            add(
                rule.code, rule.severity, path_of(rule.path), at.start if at else 0, values[rule.path], rule.message,
                rule.fix, rule.edit,
            )  # fmt: skip
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


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


def _must(path: str) -> str:
    return f"must be {KEY_BY_PATH[path].range_text()}"


def _why(node: Scalar) -> str:
    return "is text: " if node.style is not None or isinstance(node.value, str) else ""


def parse_override(text: str) -> tuple[str, Value]:
    """`training.batch_size=4` → (path, value of the key's type). Raises StickgenError with the fix."""
    path, equals, written = text.partition("=")
    path = path.strip()
    if not equals:
        raise StickgenError(f"--set {clean(text)}: write key=value, like --set training.batch_size=4")
    key = KEY_BY_PATH.get(path)
    if key is None:
        near = nearest(path_of(path))
        raise StickgenError(
            f"--set {clean(path)}: unknown key"
            + (f"; did you mean {path_text(near.parts)}?" if near is not None else "")
        )
    value = written if key.type is str else resolve(written.strip())
    try:
        return path, key.check(value)
    except ValueError as error:
        raise StickgenError(f"--set {path}: {clean(written) or 'nothing'} {error}") from error


class TrainingConfig(Settings):
    """A checked config: every key has a value, of the key's type.

    `path` is a file (None: the shipped `medium.yaml`); `overrides` are values by dotted path that win over
    the file's. Raises ConfigError, whose message lists every error as `file:line:column: key: …`, and YamlError
    if the file cannot be read.
    """

    def __init__(
        self, path: str | Path | None = None, overrides: MappingABC[str, Value] | None = None
    ) -> None:
        chosen = Path(path) if path is not None else presets.preset_path("medium")
        if not os.path.lexists(chosen):  # a link into nowhere has another message
            names = ", ".join(presets.preset_names())
            raise ConfigError(f"{chosen}: there is no such config; the shipped ones are {names} in configs/")
        self.path: Path | None = chosen
        self._take(Document.open(chosen), overrides or {})

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "<config>", *, defaults: int = DEFAULTS) -> TrainingConfig:
        """A config of bytes that are not a file of their own; keys left out are as in the set `defaults`."""
        return cls.from_document(Document.parse(data, name), defaults=defaults)

    @classmethod
    def from_document(cls, document: Document, *, defaults: int = DEFAULTS) -> TrainingConfig:
        """The config that a document is at this moment."""
        config = cls.__new__(cls)
        config.path = None
        config._take(document, {}, defaults)
        return config

    def _take(self, document: Document, overrides: MappingABC[str, Value], defaults: int = DEFAULTS) -> None:
        for path, value in overrides.items():
            document.set(path, value)
        problems = check(document)
        self.name, self.defaults = document.name, defaults
        self.warnings = [p for p in problems if p.severity == "warning"]
        errors = [p for p in problems if p.severity == "error"]
        if errors:
            raise ConfigError("\n".join(problem.sentence(document.name) for problem in errors))
        self.bytes = document.data
        self.digest = hashlib.sha256(self.bytes).hexdigest()
        self.unknown = [p.path for p in self.warnings if p.code == Code.UNKNOWN_KEY]
        self.missing: list[str] = []
        values: dict[str, Value] = {}
        for key in KEYS:
            node = document.node(key.path)
            if isinstance(node, Scalar):
                values[key.path] = key.check(node.value)
            else:
                values[key.path] = key.default_in(defaults)
                self.missing.append(key.path)
        super().__init__(**vars(Settings().replace(values)))
