"""What other YAML readers would read otherwise, and a text that all read alike.

PyYAML, which the older training code uses, reads YAML 1.1: `1e-4` is text to it, `on` a truth, `017` fifteen,
`12:30` a number of seconds, and of a key that is there twice it takes the last without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stickgen.text import clean
from stickgen.yaml_edit.comments import comments, lost
from stickgen.yaml_edit.nodes import (
    Entry,
    KeyPath,
    Mapping,
    Scalar,
    Tree,
    line_and_column,
    origin,
    path_of,
    path_text,
    values,
    walk,
)
from stickgen.yaml_edit.parsing import decode, parse
from stickgen.yaml_edit.scalars import format_value, reading_1_1, reads_alike, resolve, same_value, truth_1_1
from stickgen.yaml_edit.splicing import EditRefusedError, Splicer, in_its_column


@dataclass(frozen=True)
class Finding:
    """One place that readers differ on; `written` takes its place, or it goes if that is empty."""

    line: int
    column: int
    path: str
    message: str
    written: str
    start: int
    end: int

    def sentence(self, name: str) -> str:
        """`file:line:column: key: message; write …`."""
        fix = f"write {self.written}" if self.written else "remove it"
        return f"{name}:{self.line}:{self.column}: {self.path}: {self.message}; {fix}"


def _never(_: KeyPath) -> bool:
    return False


def findings(data: bytes, name: str, is_truth: Callable[[KeyPath], bool] = _never) -> list[Finding]:
    """Every place in a YAML text that readers of YAML 1.1 and 1.2 read differently.

    `is_truth` says at which paths a truth is wanted, so that `on` there becomes `true` and not a quoted word.
    Raises YamlError if the text cannot be read.
    """
    text = decode(data, name)
    tree = parse(text, name, repeats=True)
    found = [*_repeated(text, tree), *_scalars(text, tree, is_truth)]
    return sorted(found, key=lambda finding: finding.start)


def fixed(data: bytes, name: str, is_truth: Callable[[KeyPath], bool] = _never) -> bytes:
    """The same YAML text, written so that all readers agree; nothing else of it changes.

    Where `is_truth` holds, `on` becomes `true`. Of a repeated key the last stays, as PyYAML reads it.
    Raises YamlError if the text cannot be read, EditRefusedError if fixing it would change anything else.
    """
    text = decode(data, name)
    tree = parse(text, name, repeats=True)
    before = values(tree.root)
    while tree.repeated:
        mapping, entry = tree.repeated[0]
        if any(entry.start <= alias.target.start < entry.end for alias in tree.aliases):
            line, _ = line_and_column(text, entry.start)
            raise EditRefusedError(
                f"{name}:{line}: {entry.key.text} is there twice, and the first holds an anchor in use"
            )
        splicer, there = Splicer(text, tree, name), comments(text, tree)
        own = splicer.with_comment(entry.start, entry.end, flow=mapping.flow)
        text = splicer.without_entry(mapping, entry, [e for m, e in tree.repeated if m is mapping])
        tree = parse(text, name, repeats=True)
        gone = lost(there, comments(text, tree), [own])
        if gone is not None:
            raise EditRefusedError(f"{name}: the comment {gone.text!r} would go; edit the text itself")
    meant = {path_of(finding.path): finding.written for finding in _scalars(text, tree, is_truth)}
    for finding in sorted(_scalars(text, tree, is_truth), key=lambda finding: -finding.start):
        growth = len(finding.written) - (finding.end - finding.start)
        text = text[: finding.start] + finding.written + in_its_column(text[finding.end :], growth)
    after = values(parse(text, name).root)
    for path in before.keys() | after.keys():
        allowed = meant.get(path)
        if path not in after or (
            not same_value(before.get(path), after[path])
            and (allowed is None or resolve(allowed) != after[path])
        ):
            raise EditRefusedError(f"{name}: {path_text(path)} would read otherwise; edit the text itself")
    return text.encode()


def _scalars(text: str, tree: Tree, is_truth: Callable[[KeyPath], bool]) -> Iterator[Finding]:
    seen: set[int] = set()
    for path, node in walk(tree.root):
        if isinstance(node, Mapping) and node.alias_of is None:
            for entry in node.own.values():
                yield from _key(text, (*path, entry.key.text), entry)
        if not isinstance(node, Scalar) or node.style is not None or node.tag is not None:
            continue
        if node.alias_of is not None or id(origin(node)) in seen or reads_alike(node.text):
            continue
        seen.add(id(node))
        truth = truth_1_1(node.text) if is_truth(path) else None
        value = node.value if truth is None else truth
        line, column = line_and_column(text, node.content)
        message = f"{_shown(node.text)} reads as {reading_1_1(node.text)} in programs with YAML 1.1"
        written = format_value(value, None, node.text)
        yield Finding(line, column, path_text(path), message, written, node.content, node.end)


def _key(text: str, path: tuple[str, ...], entry: Entry) -> Iterator[Finding]:
    key = entry.key
    if (
        key.style is None
        and not key.decorated
        and isinstance(resolve(key.text), str)
        and not reads_alike(key.text)
    ):
        line, column = line_and_column(text, key.start)
        message = f"this key reads as {reading_1_1(key.text)} in programs with YAML 1.1"
        yield Finding(line, column, path_text(path), message, format_value(key.text), key.start, key.end)


def _repeated(text: str, tree: Tree) -> Iterator[Finding]:
    for mapping, entry in tree.repeated:
        line, column = line_and_column(text, entry.key.start)
        last, _ = line_and_column(text, mapping.own[entry.key.text].key.start)
        message = f"is there again on line {last}, which is what PyYAML reads; ruamel.yaml refuses the file"
        yield Finding(line, column, entry.key.text, message, "", entry.start, entry.end)


def _shown(text: str) -> str:
    return clean(text, single_line=True, limit=40)
