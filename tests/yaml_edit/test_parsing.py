"""The scanner that skips comments in one go sees what the library's own sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from generated import yaml_texts
from hypothesis import given
from readers import CORPUS
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from stickgen.config.presets import preset_names, preset_path
from stickgen.yaml_edit.scanning import BoundedScanner


def events(text: str, scanner: type | None) -> list[tuple[Any, ...]]:
    """Kind, place and value of every event, and how it ends."""
    yaml = YAML(typ="safe", pure=True)
    if scanner is not None:
        yaml.Scanner = scanner
    found: list[tuple[Any, ...]] = []
    try:
        for event in yaml.parse(text):
            marks = [(m.index, m.line, m.column) for m in (event.start_mark, event.end_mark)]
            found.append((type(event), *marks, getattr(event, "value", None)))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        found.append((type(error), mark and (mark.index, mark.line, mark.column)))
    return found


@pytest.mark.parametrize(
    "path", [*CORPUS, *map(preset_path, preset_names())], ids=lambda path: Path(path).name
)
def test_the_same_events_from_files(path: Path) -> None:
    text = path.read_bytes().decode()
    assert events(text, BoundedScanner) == events(text, None)


@given(yaml_texts())
def test_the_same_events_from_any_text(text: str) -> None:
    assert events(text, BoundedScanner) == events(text, None)
    cut = text[: len(text) // 2]
    assert events(cut, BoundedScanner) == events(cut, None)
