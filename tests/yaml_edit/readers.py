"""The other readers that ours must agree with, and files to edit."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


def read_1_1(data: bytes) -> Any:
    """PyYAML: the first document that is not empty."""
    return next((found for found in yaml.safe_load_all(data.decode()) if found is not None), None)


def read_1_2(data: bytes) -> Any:
    """ruamel.yaml, as a plain reader of YAML 1.2."""
    documents = YAML(typ="safe", pure=True).load_all(data.decode())
    return next((found for found in documents if found is not None), None)


def flat(found: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Values by path as `Document.items` has them, and empty sections and lists."""
    if isinstance(found, set):  # `!!set {a}` is a section of keys without values
        found = dict.fromkeys(sorted(found))
    if isinstance(found, dict) and found:
        return {p: v for key, value in found.items() for p, v in flat(value, (*path, name(key))).items()}
    if isinstance(found, list) and found:
        return {
            p: v for index, value in enumerate(found) for p, v in flat(value, (*path, str(index))).items()
        }
    if isinstance(found, datetime.date):
        return {path: str(found)}
    return {path: found}


def name(key: object) -> str:
    """A key as it is written; readers make numbers and truths of some."""
    return {True: "true", False: "false", None: "~"}.get(key, str(key)) if not isinstance(key, str) else key  # type: ignore[call-overload]


def readable(read: Any, data: bytes) -> bool:
    """Whether a reader takes the file at all."""
    try:
        read(data)
    except (yaml.YAMLError, YAMLError, ValueError):
        return False
    return True
