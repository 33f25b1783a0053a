"""The YAML project's own cases, as a whole file and as a part of one: an edit touches nothing else, or is refused.

Most are no configs: sequences, single values, several documents. What counts is that nothing breaks.
"""

from __future__ import annotations

import json
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import test_corpus

from stickgen.yaml_edit import Document, YamlError, walk

SUITE = json.loads((Path(__file__).parent / "yaml_test_suite.json").read_text())["cases"]
# PyYAML reads these otherwise than YAML 1.2 does, before any edit and after it
READ_OTHERWISE = {"4ABK-0", "Y2GN-0", "UKK6-2"}


def as_files(folder: Path) -> Iterator[Path]:
    """Every case as a file, and below a key between two others."""
    for name, text in SUITE.items():
        below = textwrap.indent(text, " ", lambda line: line != "\n")
        between = f"first: 1\ncase:\n{below}" + ("" if below.endswith("\n") else "\n") + "last: 2 # end\n"
        for kind, written in (("whole", text), ("part", between)):
            path = folder / f"{name}-{kind}.yaml"
            path.write_bytes(written.encode())
            yield path


def opened(path: Path) -> Document | None:
    """None where it is no config, which must be said in a sentence with the file's name."""
    try:
        return Document.open(path)
    except YamlError as error:
        assert str(error).startswith(str(path))
        return None


def test_every_case_is_kept_as_it_is_or_refused_with_its_place(tmp_path: Path) -> None:
    kept = 0
    for path in as_files(tmp_path):
        document = opened(path)
        if document is not None:
            kept += 1
            assert document.data == path.read_bytes()
    assert kept > 300


@pytest.mark.drill
def test_every_value_key_and_item_of_every_case_is_edited_alone(tmp_path: Path) -> None:
    warnings.simplefilter("ignore")  # other readers warn of anchors that are there twice
    edited = 0
    for path in as_files(tmp_path):
        document = opened(path)
        if document is None or path.stem.rpartition("-")[0] in READ_OTHERWISE:
            continue
        if any("" in at for at, _ in walk(document.node_root)):
            continue  # keys without a text, to which readers of the test give another name
        edited += 1
        if not (root := document.node_root) or root.tag is None:  # of a foreign tag all is refused
            test_corpus.set_every_value(path, 4)
        test_corpus.test_every_key_and_item_can_be_deleted_alone(path)
        test_corpus.test_keys_are_inserted_everywhere(path)
        test_corpus.test_items_are_inserted_everywhere(path)
    assert edited > 290
