"""A YAML file that can be edited without losing a byte: positions, one splice, and a second look.

An edit replaces only the characters of one value, or adds or takes away those of one key or item, in the
original text. The result is parsed again; if anything else reads differently, the edit is refused and nothing
has happened. (`swapping.py` knows when nothing else can.) Undo puts the former bytes back.
"""

from __future__ import annotations

from collections.abc import Sequence as SequenceABC
from pathlib import Path
from typing import Protocol

from stickgen.atomic import WriteProtectedError, replacing
from stickgen.errors import StickgenError
from stickgen.yaml_edit.comments import Span, comments, lost
from stickgen.yaml_edit.conflict import ProtectedError, check_conflict
from stickgen.yaml_edit.faults import slip
from stickgen.yaml_edit.files import read_yaml_file
from stickgen.yaml_edit.nodes import (
    Empty,
    KeyPath,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Tree,
    Values,
    YamlError,
    line_and_column,
    located,
    origin,
    path_of,
    path_text,
    values,
    walk,
)
from stickgen.yaml_edit.parsing import decode, is_collection_tag, parse
from stickgen.yaml_edit.scalars import Plain, reads_alike, resolve, resolve_tagged, same_value
from stickgen.yaml_edit.splicing import EditRefusedError, Splicer
from stickgen.yaml_edit.swapping import swapped
from stickgen.yaml_edit.verifying import (
    MISSING,
    Judge,
    Missing,
    differing,
    expecting,
    free_below,
    related,
    renaming,
    shifted,
)

MAX_UNDO = 1000
AnyPath = str | KeyPath  # `group.name` as `path_text` writes it, or its parts


class JournalLike(Protocol):
    """Is told of every edit, so that it can survive a crash: set `Document.journal` to one."""

    failure: str | None

    def record(self, what: str, before: str) -> None: ...

    def discard(self) -> None: ...


class Document:
    """One YAML text, its values by dotted path, and edits that keep every other byte.

    A path names keys from the outside in, items of lists by their index: `servers.0.port`. Editing methods
    raise EditRefusedError, with the reason, if they would change anything else; they return the other paths
    that the edit changes, those of the aliases of an anchored value.
    """

    def __init__(self, data: bytes, name: str, path: Path | None = None) -> None:
        self.name, self.path = name, path
        self.journal: JournalLike | None = None
        self._saved_data = data
        self._undo: list[str] = []
        self._redo: list[str] = []
        self._take(decode(data, name))

    @classmethod
    def parse(cls, data: bytes, name: str = "<text>") -> Document:
        """A document of `data`. Raises YamlError with `name:line:column`."""
        return cls(data, name)

    @classmethod
    def open(cls, path: str | Path) -> Document:
        """Read a file. Raises YamlError: missing, a directory or FIFO, too large, not UTF-8, not YAML."""
        path = Path(path)
        return cls(read_yaml_file(path), str(path), path)

    def _read(self, text: str) -> tuple[Tree, Values]:
        tree = parse(text, self.name)
        if tree.root is not None and not isinstance(tree.root, Mapping):
            fault = slip(text, tree.root.start)
            if fault is not None:
                raise located(text, self.name, fault.offset, fault.message)
            message = "the top level must be keys with values, like `key: value`"
            raise located(text, self.name, tree.root.start, message)
        return tree, values(tree.root)

    def _take(self, text: str, read: tuple[Tree, Values] | None = None) -> None:
        self._tree, self._values = read or self._read(text)
        self._text = text

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
    def saved_data(self) -> bytes:
        """The bytes that were opened or last saved."""
        return self._saved_data

    @property
    def dirty(self) -> bool:
        """Whether the bytes differ from those that were opened or last saved."""
        return self.data != self._saved_data

    @property
    def node_root(self) -> Mapping | None:
        """The mapping that the file is; None if it holds nothing but comments."""
        root = self._tree.root
        return root if isinstance(root, Mapping) else None

    def node(self, path: AnyPath) -> Node | None:
        """The node at a path as a reader sees it, None if there is none."""
        node = self._tree.root
        for part in _parts(path):
            node = _child(node, part)
            if node is None:
                return None
        return node

    def get(self, path: AnyPath) -> Plain | Missing:
        """The value at a path as YAML 1.2 reads it; MISSING if there is no single value."""
        found = self._values.get(_parts(path), MISSING)
        return MISSING if isinstance(found, Empty) else found

    def typed(self, path: AnyPath, text: str) -> Plain:
        """What a typed `text` is as the new value at `path`: text where text stands in quotes or in a block.

        Elsewhere it is what it reads as. A block text keeps its last line end, which a box of one line does not show.
        """
        node = self.node(path)
        if not isinstance(node, Scalar) or (node.style is None and node.tag is None):
            return resolve(text.strip())
        if node.style in {"|", ">"} and isinstance(node.value, str):
            body = node.value.rstrip("\n")
            return text + node.value[len(body) :]
        if node.style is None or not isinstance(node.value, str):
            return resolve_tagged(text.strip(), None, node.tag)
        return text

    def items(self) -> dict[KeyPath, Plain]:
        """Every single value by its path; list items have their index as the last part."""
        return {path: value for path, value in self._values.items() if not isinstance(value, Empty)}

    def position(self, path: AnyPath) -> tuple[int, int] | None:
        """Line and column of the value at `path`, or of its key if the value is empty."""
        node = self.node(path)
        return None if node is None else line_and_column(self._text, node.start)

    # -- editing

    def set(self, path: AnyPath, value: Plain) -> list[str]:
        """Give `path` a value; a key that is missing is inserted, with its sections.

        An alias is replaced by the value, an anchored value keeps its anchor. A value that is there already
        stays as it is written, unless readers of YAML 1.1 and 1.2 would differ on it.
        """
        parts = _parts(path)
        container, rest = self._reached(parts)
        if rest:
            return self._inserted(container, parts, rest, value)
        if not isinstance(container, Scalar):
            raise self._refusal(f"{_shown(parts)} is a whole section, not a single value")
        respell = container.style is None and not container.alias_of and not container.tag
        if same_value(container.value, value) and (not respell or reads_alike(container.text)):
            return []
        changed = self._splicer.replaced(container, value, _shown(parts))
        tree = swapped(self._tree, self._text, container, value, changed)
        if tree is not None and changed != self._text and parts in self._values:
            self._edited(changed, (tree, {**self._values, parts: value}))
            return []
        expected = dict(self._values)
        for other, node in walk(self._tree.root):
            if node is container or origin(node) is container:
                expected[other] = value
        return self._commit(changed, parts, expecting(expected))

    def _inserted(self, container: Node | None, parts: KeyPath, rest: KeyPath, value: Plain) -> list[str]:
        where = parts[: len(parts) - len(rest)]
        if isinstance(container, Sequence):
            if rest != (str(len(container.items)),):
                raise self._refusal(
                    f"{_shown(where)} has {len(container.items)} items, there is no {rest[0]}"
                )
            return self.insert_item(where, len(container.items), value)
        if isinstance(container, Scalar) and (container.value is not None or container.decorated):
            raise self._refusal(f"{_shown(where)} is a single value, not a section", container.start)
        if isinstance(container, Mapping) and len(rest) > 1 and rest[0] in container.inherited:
            raise self._refusal(
                f"{_shown((*where, rest[0]))} comes through <<; write the section out here", container.start
            )
        key = self._tree.entry_of(container)
        if container is None or (isinstance(container, Mapping) and (container.own or container.merge)):
            changed = self._splicer.inserted(container, rest, value)
        elif key is None or container.decorated or self._tree.in_brackets(key):
            changed = self._splicer.filled(container, rest, value)
        else:
            changed = self._splicer.opened(key, rest, value)
        return self._commit(
            changed, parts, free_below(self._tree, self._values, container, rest[0], parts, value)
        )

    def delete(self, path: AnyPath) -> list[str]:
        """Take a key or an item away, with its lines and the comment behind it.

        Refused if it holds an anchor that is used elsewhere. A section that has nothing left is written `{}`.
        """
        parts = _parts(path)
        container, rest = self._reached(parts[:-1])
        self._check_own(container, parts[:-1])
        child = None if rest else _own_child(container, parts[-1])
        if child is None or container is None:
            if isinstance(container, Mapping) and not rest and parts[-1] in container.inherited:
                raise self._refusal(f"{_shown(parts)} comes through <<; there is nothing here to delete")
            raise self._refusal(f"there is no {_shown(parts)} to delete")
        self._check_anchors(child, container, parts)
        key = self._tree.entry_of(container)
        if isinstance(container, Sequence):
            index = int(parts[-1])
            changed = self._splicer.item_removed(container, index, key)
            own = self._splicer.with_comment(child.start, child.end, flow=container.flow)
            return self._commit(
                changed, parts, expecting(shifted(self._tree, self._values, container, index, -1)), [own]
            )
        assert isinstance(container, Mapping)
        changed = self._splicer.without(container, parts[-1], key)
        entry = container.own[parts[-1]]
        own = self._splicer.with_comment(entry.start, entry.end, flow=container.flow)
        judge = free_below(self._tree, self._values, container, parts[-1], parts, MISSING)
        return self._commit(changed, parts, judge, [own])

    def insert_item(self, path: AnyPath, index: int, value: Plain) -> list[str]:
        """Put a new item before item `index` of the list at `path`, behind all if there are no more."""
        parts = _parts(path)
        node, rest = self._reached(parts)
        self._check_own(node, parts)
        if rest or not isinstance(node, Sequence):
            raise self._refusal(f"{_shown(parts)} is not a list")
        if not 0 <= index <= len(node.items):
            raise self._refusal(f"{_shown(parts)} has {len(node.items)} items, no place {index}")
        changed = self._splicer.item_inserted(node, index, value)
        expected = shifted(self._tree, self._values, node, index, +1, value)
        return self._commit(changed, (*parts, str(index)), expecting(expected))

    def rename(self, path: AnyPath, name: str) -> list[str]:
        """Give a key another name; its value and place stay."""
        parts = _parts(path)
        container, rest = self._reached(parts[:-1])
        self._check_own(container, parts[:-1])
        if rest or not isinstance(container, Mapping) or parts[-1] not in container.own:
            raise self._refusal(f"there is no {_shown(parts)} to rename")
        if name in container.items:
            raise self._refusal(f"there is a {_shown((*parts[:-1], name))} already")
        changed = self._splicer.renamed(container.own[parts[-1]], name)
        return self._commit(changed, parts, renaming(self._tree, self._values, container, parts, name))

    def replace(self, text: str) -> None:
        """Take another text in the place of the whole, as one edit. Raises YamlError if it cannot be read."""
        read = self._read(decode(text.encode("utf-8", "surrogatepass"), self.name))
        if text != self._text:
            self._edited(text, read)

    def undo(self) -> bool:
        """Put back the bytes from before the last edit; False if there is none."""
        return self._swap("undo", self._undo, self._redo)

    def redo(self) -> bool:
        """Take back the last undo; False if there is none."""
        return self._swap("redo", self._redo, self._undo)

    def restore(self, states: SequenceABC[bytes], undone: SequenceABC[bytes] = ()) -> None:
        """Take over the edits of a draft: undo goes back along `states`, whose last are the bytes now."""
        self._take(decode(states[-1], self.name))
        self._undo = [state.decode("utf-8") for state in states[:-1]]
        self._redo = [state.decode("utf-8") for state in undone]

    def _swap(self, what: str, source: list[str], target: list[str]) -> bool:
        if not source:
            return False
        before = self._text
        self._take(source.pop())
        target.append(before)
        if self.journal is not None:
            self.journal.record(what, before)
        return True

    def _edited(self, text: str, read: tuple[Tree, Values]) -> None:
        before = self._text
        self._take(text, read)
        self._undo.append(before)
        del self._undo[:-MAX_UNDO]
        self._redo.clear()
        if self.journal is not None:
            self.journal.record("edit", before)

    def _commit(
        self, changed: str, parts: KeyPath, judge: Judge, may_go: SequenceABC[Span] = ()
    ) -> list[str]:
        """Take the changed text if it reads as it should; the other paths whose values it changes.

        Its comments are all there, but for those in the spans `may_go` of the text as it is.
        """
        try:
            read = self._read(decode(changed.encode("utf-8", "surrogatepass"), self.name))
        except YamlError as error:
            reason = str(error).splitlines()[0]
            raise self._refusal(f"this edit would break the file ({reason}); edit the text itself") from error
        wrong = judge(read[1])
        if wrong is not None:
            raise self._refusal(f"this edit would also change {_shown(wrong)}; edit the text itself")
        gone = lost(comments(self._text, self._tree), comments(changed, read[0]), may_go)
        if gone is not None:
            raise self._refusal(
                f"this edit would take away the comment {gone.text!r}; edit the text itself", gone.start
            )
        before = self._values
        if changed != self._text:
            self._edited(changed, read)
        return [path_text(path) for path in differing(before, self._values) if not related(path, parts)]

    # -- finding the way

    @property
    def _splicer(self) -> Splicer:
        return Splicer(self._text, self._tree, self.name)

    def _refusal(self, message: str, at: int | None = None) -> EditRefusedError:
        where = self.name if at is None else f"{self.name}:{line_and_column(self._text, at)[0]}"
        return EditRefusedError(f"{where}: {message}")

    def _reached(self, parts: KeyPath) -> tuple[Node | None, KeyPath]:
        """The last node on the way that is there as text of its own, and what of the path is missing below it."""
        node = self._tree.root
        for depth, part in enumerate(parts):
            self._check_own(node, parts[:depth])
            child = _own_child(node, part)
            if child is None:
                return node, parts[depth:]
            node = child
        return node, ()

    def _check_own(self, node: Node | None, parts: KeyPath) -> None:
        """Refuse to edit inside of a section or list that an alias only stands for, or whose tag makes it another thing."""
        if isinstance(node, Mapping | Sequence) and node.tag is not None and not is_collection_tag(node.tag):
            raise self._refusal(f"{_shown(parts)} has the tag {node.tag}; edit the text itself", node.start)
        if node is not None and node.alias_of is not None and not isinstance(node, Scalar):
            line, _ = line_and_column(self._text, node.alias_of.start)
            raise self._refusal(
                f"{_shown(parts)} stands for what line {line} holds; edit it there, or write it out here",
                node.start,
            )

    def _check_anchors(self, child: Node, container: Node, parts: KeyPath) -> None:
        """Refuse to delete an anchor that something outside of the deleted text uses."""
        start, end = child.start, child.end
        if isinstance(container, Mapping):
            entry = container.own[parts[-1]]
            start, end = entry.start, entry.end
        for alias in self._tree.aliases:
            if start <= alias.target.start < end and not start <= alias.start < end:
                line, _ = line_and_column(self._text, alias.start)
                raise self._refusal(
                    f"{_shown(parts)} holds the anchor &{alias.name}, which line {line} uses",
                    alias.target.start,
                )

    # -- saving

    def save(self, path: str | Path | None = None, *, over: bool = False, force: bool = False) -> list[str]:
        """Write the bytes atomically, to where they came from unless `path` says otherwise.

        A symlink is followed; mode, owner, group and extended attributes are kept, and those that cannot be are
        returned, in words. Raises SaveConflictError when the file on disk is no longer the one that was opened, or
        `path` names another file that exists (`over` writes over it knowingly), ProtectedError when it is
        write-protected (`force` writes it all the same), and StickgenError when it cannot be written; it is then
        as it was.
        """
        target = Path(path) if path is not None else self.path
        if target is None:
            raise StickgenError(f"{self.name}: it has no file yet; say where to save it")
        gone: list[str] = []
        try:
            with replacing(target, force=force, lost=gone) as file:
                file.write(self.data)
                if not over:  # asked last, so that the time in which another write could be missed is short
                    own = self.path is not None and target.absolute() == self.path.absolute()
                    check_conflict(target, self.data, self._saved_data if own else None)
        except WriteProtectedError as error:
            raise ProtectedError(f"{target}: {error.strerror}; nothing was written") from error
        except OSError as error:
            raise StickgenError(f"{target}: cannot be saved ({error.strerror})") from error
        self.path = target
        self.name = str(target)
        self._saved_data = self.data
        if self.journal is not None:
            self.journal.discard()
        return gone


def _parts(path: AnyPath) -> KeyPath:
    return path_of(path) if isinstance(path, str) else path


def _shown(parts: KeyPath) -> str:
    return path_text(parts) or "the file"


def _own_child(node: Node | None, part: str) -> Node | None:
    if isinstance(node, Mapping):
        return node.own[part].value if part in node.own else None
    if isinstance(node, Sequence) and part.isascii() and part.isdigit() and int(part) < len(node.items):
        return node.items[int(part)]
    return None


def _child(node: Node | None, part: str) -> Node | None:
    if isinstance(node, Mapping) and part in node.inherited:
        return node.inherited[part].value
    return _own_child(node, part)
