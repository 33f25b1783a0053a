"""`TrainingConfig`: read a file, say all that is wrong with it, and hand out checked values."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping as MappingABC
from pathlib import Path

from stickgen.config import presets
from stickgen.config.checking import check
from stickgen.config.key import DEFAULTS
from stickgen.config.problem_codes import Code
from stickgen.config.schema import KEY_BY_PATH, KEYS, Value
from stickgen.config.settings import Settings
from stickgen.config.suggesting import nearest
from stickgen.errors import StickgenError
from stickgen.text import clean
from stickgen.yaml_edit import (
    Document,
    Scalar,
    YamlError,
    path_of,
    path_text,
    resolve,
)


class ConfigError(YamlError):
    """A config whose keys or values are wrong; one that is not even YAML is the YamlError itself."""


def parse_override(text: str, *, option: str = "--set ") -> tuple[str, Value]:
    """`training.batch_size=4` → (path, value of the key's type). Raises StickgenError with the fix.

    `option` is what stands before it on the command line, for the message.
    """
    path, equals, written = text.partition("=")
    path = path.strip()
    if not equals:
        raise StickgenError(f"{option}{clean(text)}: write key=value, like {option}training.batch_size=4")
    key = KEY_BY_PATH.get(path)
    if key is None:
        near = nearest(path_of(path))
        raise StickgenError(
            f"{option}{clean(path)}: unknown key"
            + (f"; did you mean {path_text(near.parts)}?" if near is not None else "")
        )
    value = written if key.type is str else resolve(written.strip())
    try:
        return path, key.check(value)
    except ValueError as error:
        raise StickgenError(f"{option}{path}: {clean(written) or 'nothing'} {error}") from error


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

    def changed(self, values: MappingABC[str, Value]) -> TrainingConfig:
        """This config with other values, as live changes give it: still with the bytes of its file.

        Raises KeyError for a key that does not exist; the values are not checked.
        """
        other = type(self).__new__(type(self))
        vars(other).update(vars(self))
        vars(other).update(vars(self.replace(values)))
        return other

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
