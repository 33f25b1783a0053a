"""The model's code as a package of its own, so that an exported folder works without stickgen.

It is the same source that trains, copied with the modules that it imports. Only the imports between them are
rewritten, so there is no second version to maintain.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

ENTRY = "stickgen.model.sampler"
_IMPORT = re.compile(r"^(\s*)from stickgen(?:\.\w+)*\.(\w+) import", re.MULTILINE)


def standalone_sources(entry: str = ENTRY) -> dict[str, str]:
    """The source files of the package by name: `entry`, all our modules that it needs, and an `__init__.py`."""
    sources: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [entry]
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        spec = importlib.util.find_spec(module)
        assert spec is not None and spec.origin is not None, module
        source = Path(spec.origin).read_text("utf-8")
        name = f"{module.rsplit('.', 1)[1]}.py"
        assert name not in sources, f"two modules are called {name}"
        sources[name] = _IMPORT.sub(r"\1from .\2 import", source)
        waiting += _our_imports(ast.parse(source))
    sources["__init__.py"] = '"""The model of this folder, as stickgen trained it. MIT licence."""\n'
    return dict(sorted(sources.items()))


def _our_imports(tree: ast.Module) -> list[str]:
    """Our modules that a module needs at run time, without those imported only for the type checker."""
    found: list[str] = []
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stickgen."):
            found.append(node.module or "")
        waiting += ast.iter_child_nodes(node)
    return found
