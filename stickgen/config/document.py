"""A YAML file that can be edited without losing a byte: positions, one splice, and a second look.

An edit replaces only the characters of one value (or adds or takes away the lines of one key) in the
original text. The result is parsed again; if any other value reads differently, the edit is refused and
nothing has happened. Undo puts the former bytes back.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence as SequenceABC
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import yaml

from stickgen.atomic import write_bytes
from stickgen.config.nodes import (
    MAX_BYTES,
    ConfigError,
    Mapping,
    Node,
    Scalar,
    Sequence,
    line_and_column,
    parse,
    resolve,
)
from stickgen.errors import StickgenError

Plain = bool | int | float | str | None
Path_ = tuple[str, ...]


class EditRefusedError(StickgenError):
    """An edit that would have changed something else; the document is as it was."""


class SaveConflictError(StickgenError):
    """The file on disk is no longer the one that was opened."""


MAX_UNDO = 1000


class JournalLike(Protocol):
    """What a document tells of its edits: see `drafts.Journal`."""

    failure: str | None

    def record(self, what: str, before: str) -> None: ...

    def discard(self) -> None: ...


class _Missing:
    def __repr__(self) -> str:
        return "not set"

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()


class Document:
    """The text of one config, its values by dotted path, and edits that keep every other byte."""

    def __init__(self, data: bytes, name: str, path: Path | None = None) -> None:
        self.name, self.path = name, path
        self._saved_digest = hashlib.sha256(data).hexdigest()
        self._saved_data = data
        self._undo: list[bytes] = []
        self._redo: list[bytes] = []
        self.journal: JournalLike | None = None
        self._load(data)

    @classmethod
    def parse(cls, data: bytes, name: str = "<text>") -> Document:
        """A document of `data`. Raises ConfigError with `name:line:column`."""
        return cls(data, name)

    @classmethod
    def open(cls, path: str | Path) -> Document:
        """Read a file. Raises ConfigError: missing, a directory or FIFO, too large, not UTF-8, not YAML."""
        path = Path(path)
        return cls(read_config_file(path), str(path), path)

    def _load(self, data: bytes) -> None:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.name}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
        if "\0" in text:
            raise ConfigError(f"{self.name}: a NUL byte at {text.index(chr(0))}; this is no text file")
        root = parse(text, self.name)
        if root is not None and not isinstance(root, Mapping):
            raise ConfigError(f"{self.name}:1:1: a config is a mapping, like `model:` with keys below it")
        self._text, self._root = text, root
        self._newline = "\r\n" if "\r\n" in text else "\n"

    # -- reading

    @property
    def data(self) -> bytes:
        """The bytes as they would be saved."""
        return self._text.encode("utf-8")

    @property
    def text(self) -> str:
        """The same as text, newlines untranslated."""
        return self._text

    @property
    def dirty(self) -> bool:
        """Whether the bytes differ from those that were opened or last saved."""
        return self.data != self._saved_data

    @property
    def node_root(self) -> Mapping | None:
        """The mapping that the file is; None where it holds nothing but comments."""
        return self._root

    def node(self, path: str) -> Node | None:
        """The node at a dotted path, None where there is none."""
        node: Node | None = self._root
        for part in path.split("."):
            if not isinstance(node, Mapping) or part not in node.items:
                return None
            node = node.items[part][1]
        return node

    def get(self, path: str) -> Plain | _Missing:
        """The value at a dotted path as YAML 1.2 reads it; MISSING where there is no single value."""
        node = self.node(path)
        return node.value if isinstance(node, Scalar) else MISSING

    def items(self) -> dict[Path_, Plain]:
        """Every single value by its path; list items have their index as the last part."""
        found: dict[Path_, Plain] = {}
        if self._root is not None:
            _collect(self._root, (), found)
        return found

    def position(self, path: str) -> tuple[int, int] | None:
        """Line and column of the value at `path`, or of its key where the value is empty."""
        node = self.node(path)
        return None if node is None else line_and_column(self._text, node.start)

    # -- editing

    def set(self, path: str, value: bool | int | float | str) -> None:
        """Give `path` (`group.name`) a value; a key or group that is missing is inserted.

        Raises EditRefusedError where that cannot be done without touching anything else.
        """
        parts = tuple(path.split("."))
        node = self.node(path)
        if node is None:
            changed = self._inserted(parts, value)
        elif not isinstance(node, Scalar):
            raise EditRefusedError(f"{self.name}: {path} is a whole section, not a single value")
        elif node.decorated:
            line, _ = line_and_column(self._text, node.start)
            raise EditRefusedError(
                f"{self.name}:{line}: {path} has an anchor, an alias or a tag; edit the text itself"
            )
        else:
            changed = self._replaced(node, format_value(value, node.style))
        expected = self.items()
        expected[parts] = value
        self._commit(changed, expected)

    def delete(self, path: str) -> None:
        """Take the key at `path` away, with its line and the comment behind it."""
        parts = path.split(".")
        parent = self.node(".".join(parts[:-1])) if len(parts) > 1 else self._root
        if not isinstance(parent, Mapping) or parts[-1] not in parent.items:
            raise EditRefusedError(f"{self.name}: there is no {path} to delete")
        if parent.flow:
            raise EditRefusedError(f"{self.name}: {path} stands inside braces; edit the text itself")
        key, value = parent.items[parts[-1]]
        start = self._text.rfind("\n", 0, key.start) + 1
        end = self._line_end(_last_character(value, key))
        changed = self._text[:start] + self._text[end:]
        expected = {
            other: kept for other, kept in self.items().items() if other[: len(parts)] != tuple(parts)
        }
        if len(parent.items) == 1 and len(parts) > 1:
            expected[tuple(parts[:-1])] = None  # an empty section reads as null
        self._commit(changed, expected)

    def undo(self) -> bool:
        """Put back the bytes from before the last edit; False where there is none."""
        return self._swap("undo", self._undo, self._redo)

    def redo(self) -> bool:
        """Take back the last undo; False where there is none."""
        return self._swap("redo", self._redo, self._undo)

    def restore(self, states: SequenceABC[bytes], undone: SequenceABC[bytes] = ()) -> None:
        """Take over the edits of a draft: undo goes back along `states`, whose last are the bytes now."""
        self._load(states[-1])
        self._undo, self._redo = list(states[:-1]), list(undone)

    def _swap(self, what: str, source: list[bytes], target: list[bytes]) -> bool:
        if not source:
            return False
        before = self._text
        target.append(self.data)
        self._load(source.pop())
        if self.journal is not None:
            self.journal.record(what, before)
        return True

    def _commit(self, changed: str, expected: dict[Path_, Plain]) -> None:
        before = self.data
        try:
            self._load(changed.encode("utf-8"))
            if not _same(self.items(), expected):
                raise EditRefusedError(
                    f"{self.name}: this edit would change another value; edit the text itself"
                )
        except StickgenError as error:
            self._load(before)
            if isinstance(error, EditRefusedError):
                raise
            raise EditRefusedError(f"{self.name}: this edit would break the file ({error})") from error
        if self.data != before:
            self._undo.append(before)
            del self._undo[:-MAX_UNDO]
            self._redo.clear()
            if self.journal is not None:
                self.journal.record("edit", before.decode("utf-8"))

    def _replaced(self, node: Scalar, written: str) -> str:
        before, after = self._text[: node.start], self._text[node.end :]
        if node.start == node.end:  # an empty value stands right behind its colon
            written = " " + written
        # a comment behind the value keeps its column where the spaces allow
        comment = re.match(r"([ ]+)#", after)
        if comment and "\n" not in self._text[node.start : node.end]:
            spaces = len(comment.group(1)) - (len(written) - (node.end - node.start))
            after = " " * max(spaces, 1) + after[len(comment.group(1)) :]
        return before + written + after

    def _inserted(self, parts: Path_, value: bool | int | float | str) -> str:
        if len(parts) != 2:
            raise EditRefusedError(f"{self.name}: a key is written group.name, not {'.'.join(parts)}")
        group, name = parts
        line = f"{name}: {format_value(value, None)}"
        if self._root is None or group not in self._root.items:
            if self._root is not None and self._root.flow:
                raise EditRefusedError(
                    f"{self.name}: the file is one mapping in braces; edit the text itself"
                )
            text = self._text
            if text and not text.endswith("\n"):
                text += self._newline
            return f"{text}{group}:{self._newline}  {line}{self._newline}"
        key, section = self._root.items[group]
        if isinstance(section, Mapping) and not section.flow:
            last_key, last = list(section.items.values())[-1]
            first_key = next(iter(section.items.values()))[0]
            indent = line_and_column(self._text, first_key.start)[1] - 1
            end = self._line_end(_last_character(last, last_key))
        elif isinstance(section, Scalar) and section.value is None and not section.decorated:
            indent, end = 2, self._line_end(key.end)
        else:
            raise EditRefusedError(f"{self.name}: {group} is not a block of keys; edit the text itself")
        before = self._text[:end]
        if not before.endswith("\n"):
            before += self._newline
            return before + " " * indent + line
        return before + " " * indent + line + self._newline + self._text[end:]

    def _line_end(self, offset: int) -> int:
        newline = self._text.find("\n", offset)
        return len(self._text) if newline < 0 else newline + 1

    # -- saving

    def save(self, path: str | Path | None = None) -> None:
        """Write the bytes atomically, to where they came from unless `path` says otherwise.

        Raises SaveConflictError when the file on disk is no longer the one that was opened, and
        StickgenError when it cannot be written; it is then as it was.
        """
        target = Path(path) if path is not None else self.path
        if target is None:
            raise StickgenError(f"{self.name}: it has no file yet; say where to save it")
        if target == self.path:
            try:
                on_disk = read_config_file(target)
            except ConfigError:
                on_disk = None
            if on_disk is not None and hashlib.sha256(on_disk).hexdigest() != self._saved_digest:
                raise SaveConflictError(
                    f"{target}: changed on disk since it was opened; open it again, or save under another name"
                )
        try:
            write_bytes(target, self.data)
        except OSError as error:
            raise StickgenError(f"{target}: cannot be saved ({error.strerror})") from error
        self.path = target
        self._saved_data = self.data
        self._saved_digest = hashlib.sha256(self.data).hexdigest()
        if self.journal is not None:
            self.journal.discard()


def read_config_file(path: Path) -> bytes:
    """The bytes of a config file. Raises ConfigError: missing, a directory, FIFO or device, too large."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO must not make us wait
    except OSError as error:
        if path.is_symlink() and isinstance(error, FileNotFoundError):
            raise ConfigError(f"{path}: a link to {path.readlink()}, which does not exist") from error
        raise ConfigError(f"{path}: {error.strerror}") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            kinds = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
            raise ConfigError(f"{path}: {kinds.get(stat.S_IFMT(status.st_mode), 'a device')}, not a file")
        parts: list[bytes] = []
        size = status.st_size  # files of /proc say 0 and hold more
        while size <= MAX_BYTES and (part := os.read(fd, MAX_BYTES + 1)):
            parts.append(part)
            size = max(status.st_size, sum(map(len, parts)))
        if size > MAX_BYTES:
            raise ConfigError(
                f"{path}: {size} bytes or more; a config has at most {MAX_BYTES}, this is no config"
            )
        return b"".join(parts)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    finally:
        os.close(fd)


def format_value(value: bool | int | float | str, style: str | None) -> str:
    """`value` as YAML 1.1 and 1.2 read alike, in the quotes of `style` where it is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _format_float(value)
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    plain = style is None and re.fullmatch(r"[\w./@+-]+(?: [\w./@+-]+)*", value, re.ASCII)
    if plain and resolve(value) == value and yaml.safe_load(value) == value:
        return value
    return '"' + "".join(_escaped(character) for character in value) + '"'


def _format_float(value: float) -> str:
    text = repr(value)
    if "e" in text and 1e-9 < abs(value) < 1e16:
        text = f"{Decimal(text):f}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        mantissa += "" if "." in mantissa else ".0"
        return f"{mantissa}e{int(exponent):+d}"
    return text if "." in text else text + ".0"


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _collect(node: Node, path: Path_, found: dict[Path_, Plain]) -> None:
    if isinstance(node, Scalar):
        found[path] = node.value
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            _collect(item, (*path, str(index)), found)
    else:
        for name, (_, value) in node.items.items():
            _collect(value, (*path, name), found)


def _last_character(node: Node, key: Scalar) -> int:
    """Offset of the last character of a value; of its key where the value is empty.

    The parser ends a block collection after the comments that follow it, so its last item is asked.
    """
    if isinstance(node, Mapping) and not node.flow and node.items:
        last_key, last = list(node.items.values())[-1]
        return _last_character(last, last_key)
    if isinstance(node, Sequence) and not node.flow and node.items:
        return _last_character(node.items[-1], key)
    return max(node.end - 1, key.start)


def _same(found: dict[Path_, Plain], expected: dict[Path_, Plain]) -> bool:
    if found.keys() != expected.keys():
        return False
    return all(
        repr(found[path]) == repr(expected[path])
        or (found[path] == expected[path] and _numbers(found, expected, path))
        for path in found
    )


def _numbers(found: dict[Path_, Plain], expected: dict[Path_, Plain], path: Path_) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in (found[path], expected[path]))
