"""Which version of the engine a measurement is of: a digest of the code that decides what a step costs.

Only what computes counts. Docstrings, comments, layout, annotations, the wording of errors and where a file lies
may change, and what was measured still holds.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import threading
from collections.abc import Iterable
from pathlib import Path

ROOMS = ("model", "train")  # their code decides the memory and the time of a step
# Python 3.11 counts the depth of a tree for all threads in one place, and raises SystemError if two of them parse
_ONE_PARSES = threading.Lock()
_IGNORED = {"annotation", "returns", "type_comment", "type_ignores", "kind", "ctx"}


@functools.cache
def engine_digest() -> str:
    """The digest of the engine that is installed; read once a process."""
    root = Path(__file__).parents[2]
    return digest_of(path for room in ROOMS for path in (root / room).rglob("*.py"))


def digest_of(paths: Iterable[Path]) -> str:
    """A digest of what the code in these files computes, in whichever order and folders they lie.

    A file that cannot be read or parsed counts as empty.
    """
    codes = []
    for path in paths:
        try:
            parts: list[str] = []
            source = path.read_bytes()
            with _ONE_PARSES:
                tree = ast.parse(source)
            _append_code(tree, parts)
        except (OSError, SyntaxError, ValueError):
            continue
        codes.append(hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest())
    return hashlib.sha256(b"".join(sorted(codes))).hexdigest()[:16]


def _append_code(node: ast.AST, parts: list[str]) -> None:
    """Append what `node` computes: each node by its type, its names and its constants, in their order."""
    parts.append(type(node).__name__)
    for name in node._fields:
        if name in _IGNORED:
            continue
        value = getattr(node, name)
        if isinstance(value, ast.AST):
            _append_code(value, parts)
        elif isinstance(value, list):
            parts.append("[")
            for item in value:
                if isinstance(item, ast.Raise):
                    parts.append("Raise")  # that it fails there, whatever it says
                elif not isinstance(item, ast.AST):
                    parts.append(repr(item))
                elif not _computes_nothing(item):
                    _append_code(item, parts)
            parts.append("]")
        else:
            parts.append(repr(value))


def _computes_nothing(node: ast.AST) -> bool:
    """Whether a statement is a docstring or an import of our own, whose code is read anyway."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or (node.module or "").partition(".")[0] in {"stickgen", "__future__"}
    return False
