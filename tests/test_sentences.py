"""scripts/sentences.py finds what a person reads, and draws the same for the same tree and seed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def script(repo: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("sentences_script", repo / "scripts" / "sentences.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with one sentence of each kind, and some that no person reads."""
    for folder in ("docs", "stickgen", "stickgen_tui"):
        (tmp_path / folder).mkdir()
    (tmp_path / "docs" / "page.md").write_text(
        "# A heading that is no sentence\n\nThe page says this to you. And it says another thing.\n\n"
        "```\ncode that no person reads here\n```\n\n- A point of a list that counts.\n"
    )
    (tmp_path / "docs" / "commands.md").write_text("This page is generated from the program.\n")
    (tmp_path / "stickgen" / "code.py").write_text(
        '"""The module does one thing well."""\n'
        "print('not a message to anybody at all')\n"
        "click.option('-o', help='Where the picture is written to.')\n"
        "raise StickgenError(f'{path}: the file is not there; ' + 'make it first')\n"
    )
    return tmp_path


def test_each_kind_is_found_with_its_place(script: ModuleType, tree: Path) -> None:
    assert {(s.kind, s.place, s.text) for s in script.sentences(tree)} == {
        ("page", "docs/page.md:3", "The page says this to you."),
        ("page", "docs/page.md:3", "And it says another thing."),
        ("page", "docs/page.md:9", "A point of a list that counts."),
        ("docstring", "stickgen/code.py:1", "The module does one thing well."),
        ("help", "stickgen/code.py:3", "Where the picture is written to."),
        ("message", "stickgen/code.py:4", "{…}: the file is not there; make it first"),
    }


def test_the_draw_follows_from_tree_and_seed(script: ModuleType, tree: Path) -> None:
    assert script.draw(tree, 1, 3) == script.draw(tree, 1, 3)
    assert len(set(script.draw(tree, 1, 3))) == 3
    assert sorted(script.draw(tree, 1, 99)) == script.sentences(tree)
    assert any(script.draw(tree, 1, 3) != script.draw(tree, seed, 3) for seed in range(2, 9))
