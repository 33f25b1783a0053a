"""A YAML editor that keeps every byte an edit does not name. README.md in this folder shows how to use it.

It knows nothing of the program around it: of stickgen it takes the exception a person reads, atomic files and
safe text. The names below are the whole interface; what they need is imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stickgen.yaml_edit.conflict import (
        Disk,
        ProtectedError,
        SaveConflictError,
        check_conflict,
        disk_state,
        text_diff,
    )
    from stickgen.yaml_edit.document import AnyPath, Document
    from stickgen.yaml_edit.faults import odd_character, slip, without_odd
    from stickgen.yaml_edit.files import read_yaml_file
    from stickgen.yaml_edit.nodes import (
        KeyPath,
        Mapping,
        Node,
        RepeatedKeyError,
        Scalar,
        Sequence,
        YamlError,
        line_and_column,
        path_of,
        path_text,
        walk,
    )
    from stickgen.yaml_edit.portability import Finding, findings, fixed
    from stickgen.yaml_edit.scalars import (
        Plain,
        format_value,
        reading_1_1,
        reads_alike,
        resolve,
        same_value,
        truth_1_1,
    )
    from stickgen.yaml_edit.splicing import EditRefusedError
    from stickgen.yaml_edit.verifying import MISSING, Missing

_MODULE_OF = {
    name: module
    for module, names in {
        "conflict": "Disk ProtectedError SaveConflictError check_conflict disk_state text_diff",
        "document": "AnyPath Document",
        "faults": "odd_character slip without_odd",
        "files": "read_yaml_file",
        "nodes": "KeyPath Mapping Node RepeatedKeyError Scalar Sequence YamlError line_and_column path_of path_text walk",
        "portability": "Finding findings fixed",
        "scalars": "Plain format_value reading_1_1 reads_alike resolve same_value truth_1_1",
        "splicing": "EditRefusedError",
        "verifying": "MISSING Missing",
    }.items()
    for name in names.split()
}

__all__ = [
    "AnyPath",
    "Disk",
    "Document",
    "EditRefusedError",
    "Finding",
    "KeyPath",
    "MISSING",
    "Mapping",
    "Missing",
    "Node",
    "Plain",
    "ProtectedError",
    "RepeatedKeyError",
    "SaveConflictError",
    "Scalar",
    "Sequence",
    "YamlError",
    "check_conflict",
    "disk_state",
    "findings",
    "fixed",
    "format_value",
    "line_and_column",
    "odd_character",
    "path_of",
    "path_text",
    "read_yaml_file",
    "reading_1_1",
    "reads_alike",
    "resolve",
    "same_value",
    "slip",
    "text_diff",
    "truth_1_1",
    "walk",
    "without_odd",
]


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
