"""Draw sentences at random from what stickgen says, to read before and after a change of wording.

It draws from the pages, the docstrings, the `--help` texts and the messages of errors. The same tree and the same
seed give the same sentences.

    .venv/bin/python scripts/sentences.py --seed 1 --count 50
"""

from __future__ import annotations

import argparse
import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
GENERATED = {"commands.md", "configuration.md"}
LEAST_WORDS = 5  # shorter ones say nothing about style


@dataclass(frozen=True, order=True)
class Sentence:
    """A sentence, what kind of text it is from, and its `file:line`."""

    kind: str  # page, docstring, help or message
    place: str
    text: str


def sentences(repo: Path) -> list[Sentence]:
    """All sentences of the tree, each once, in a fixed order."""
    found: dict[str, Sentence] = {}
    for sentence in sorted([*_of_pages(repo), *_of_code(repo)]):
        found.setdefault(sentence.text, sentence)
    return sorted(found.values())


def draw(repo: Path, seed: int, count: int) -> list[Sentence]:
    """`count` of the tree's sentences, or all if there are fewer, by `seed`."""
    every = sentences(repo)
    return random.Random(seed).sample(every, min(count, len(every)))


def _of_pages(repo: Path) -> Iterator[Sentence]:
    pages = [*repo.glob("*.md"), *(repo / "docs").glob("*.md")]
    for page in pages:
        if page.name in GENERATED:
            continue
        text = re.sub(r"```.*?```", _blank, page.read_text(encoding="utf-8"), flags=re.DOTALL)
        line = 1
        for block in re.split(r"(\n\n+|\n(?=- |\d+\. |\|))", text):
            prose = "" if block.startswith(("    ", "#", "!", "|--")) else re.sub(r"^(- |\d+\. )", "", block)
            for cell in prose.strip("|").split(" | ") if block.startswith("|") else [prose]:
                yield from _split("page", f"{page.relative_to(repo)}:{line}", cell)
            line += block.count("\n")


def _of_code(repo: Path) -> Iterator[Sentence]:
    for package in ("stickgen", "stickgen_tui"):
        for path in (repo / package).rglob("*.py"):
            name = str(path.relative_to(repo))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield from _of_node(node, name)


def _of_node(node: ast.AST, name: str) -> Iterator[Sentence]:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        text = ast.get_docstring(node)
        if text:
            for paragraph in text.split("\n\n"):
                yield from _split("docstring", f"{name}:{getattr(node, 'lineno', 1)}", paragraph)
    elif isinstance(node, ast.keyword) and node.arg in {"help", "epilog", "short_help"}:
        yield from _split("help", f"{name}:{node.value.lineno}", _words(node.value))
    elif isinstance(node, ast.Call) and _says(node.func):
        for argument in node.args:
            yield from _split("message", f"{name}:{node.lineno}", _words(argument))


def _says(called: ast.expr) -> bool:
    """Whether a call makes an exception or a `Problem`, so that its text reaches a person."""
    name = (
        called.attr
        if isinstance(called, ast.Attribute)
        else called.id
        if isinstance(called, ast.Name)
        else ""
    )
    return name == "Problem" or name.endswith(("Error", "Exception"))


def _words(node: ast.expr) -> str:
    """The text of a string or f-string, with `{…}` for each value; empty for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_words(part) if isinstance(part, ast.Constant) else "{…}" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _words(left) + _words(right)
        case ast.IfExp(body=body, orelse=other):
            return f"{_words(body)}. {_words(other)}"
    return ""


def _split(kind: str, place: str, text: str) -> Iterator[Sentence]:
    for part in re.split(r"(?<=[.!?])\s+(?=[A-Z`*])", " ".join(text.split())):
        if len(part.split()) >= LEAST_WORDS and re.search(r"[a-z]{3}", part):
            yield Sentence(kind, place, part)


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def main() -> None:
    """Print the sentences, one a line, with what each is and where it stands."""
    parser = argparse.ArgumentParser(
        description="Draw sentences at random from docs, docstrings, help and errors."
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed draws others (default 1)")
    parser.add_argument("--count", type=int, default=50, help="how many (default 50)")
    parser.add_argument("--root", type=Path, default=REPO, help="another checkout, such as an older one")
    chosen = parser.parse_args()
    for sentence in draw(chosen.root.resolve(), chosen.seed, chosen.count):
        print(f"[{sentence.kind}] {sentence.place}\n    {sentence.text}")


if __name__ == "__main__":
    main()
