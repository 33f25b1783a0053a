"""What the editor does to a config, without a widget: values, steps, problems, undo, saving, merging.

Every change goes through the byte-preserving document; this only knows which key is meant and what a
person's text or key press becomes.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from stickgen.config.document import (
    MISSING,
    Document,
    EditRefusedError,
    read_config_file,
    text_diff,
)
from stickgen.config.drafts import Draft, keep
from stickgen.config.loading import Problem, TrainingConfig, check, parse_override
from stickgen.config.rules import Site
from stickgen.config.scalars import resolve
from stickgen.config.schema import KEY_BY_PATH, Key, Value
from stickgen.errors import StickgenError
from stickgen_tui.stepping import next_value

if TYPE_CHECKING:
    from stickgen_tui.comparing import Reference

Edit = tuple[str, Value | None]  # a key by its dotted path and its new value; None takes it out of the file


@dataclass(frozen=True)
class FieldState:
    """What a row shows of its key."""

    text: str  # the value as a person types it
    in_file: bool  # False: the file leaves it out and it takes its default
    is_default: bool
    was: str | None  # the text as last saved, where it differs
    problem: Problem | None


class EditSession:
    """One config file under edit."""

    def __init__(self, document: Document, saved: bytes | None = None) -> None:
        """`saved` is what the file holds, where the document holds something else."""
        self.document = document
        self._saved = Document.parse(document.data if saved is None else saved, document.name)
        self._problems: list[Problem] | None = None
        self.site: Site | None = None  # what is known of this machine and the dataset
        self._site_dataset: Path | None = None
        self._done: list[int] = []  # how many edits of the document each step of undo is made of
        self._undone: list[int] = []
        self.also_changed: tuple[str, ...] = ()  # by the last edit: the aliases of an anchored value

    @classmethod
    def open(cls, path: Path) -> EditSession:
        """Open a file, and keep its edits where a crash cannot reach them.

        Raises ConfigError where it cannot be read as a config.
        """
        session = cls(Document.open(path))
        keep(session.document)
        return session

    @classmethod
    def take_up(cls, draft: Draft) -> EditSession:
        """Go on with the edits of an editor that is gone. Raises StickgenError where that cannot be done."""
        session = cls(draft.open(), saved=draft.base)
        session._done, session._undone = [1] * draft.edits, [1] * len(draft.undone)
        return session

    @property
    def draft_failure(self) -> str | None:
        """Why the last edit would not survive a crash; None where it would."""
        return getattr(self.document.journal, "failure", None)

    def drop(self) -> None:
        """The edits are not wanted: the next start is not to offer them."""
        if self.document.journal is not None:
            self.document.journal.discard()

    # -- reading

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the file as it stands, worst first."""
        if self._problems is None:
            found = check(self.document, self._site_now())
            self._problems = sorted(found, key=lambda problem: problem.severity != "error")
        return self._problems

    def take_site(self, site: Site, dataset: Path) -> None:
        """Check the config against this machine and the facts of this dataset too."""
        self.site, self._site_dataset, self._problems = site, dataset, None

    def _site_now(self) -> Site | None:
        """What is known; of a dataset only as long as the config still names it."""
        if self.site is None or self._site_dataset == self._dataset():
            return self.site
        return replace(self.site, embedding_dim=None, clips=None)

    def _dataset(self) -> Path | None:
        named = self.document.get("data.train_data")
        if named is MISSING:
            named = KEY_BY_PATH["data.train_data"].default
        return Path(os.environ.get("TRAIN_DATA_PATH") or str(named)).absolute()

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def dirty(self) -> bool:
        return self.document.dirty

    def value(self, key: Key) -> object:
        """The value in the file, or the default where the file leaves the key out."""
        found = self.document.get(key.path)
        return key.default if found is MISSING else found

    def value_at(self, path: str) -> object:
        """The same by path; "" for a key that neither the file nor the schema has."""
        key = KEY_BY_PATH.get(path) or unknown_key(path)
        return self.value(key)

    def state(self, key: Key) -> FieldState:
        """All that a row shows."""
        found, saved = self.document.get(key.path), self._saved.get(key.path)
        text = value_text(self.value(key))
        saved_text = value_text(key.default if saved is MISSING else saved)
        return FieldState(
            text=text,
            in_file=found is not MISSING,
            is_default=found is MISSING or found == key.default,
            was=saved_text if saved_text != text else None,
            problem=next((problem for problem in self.problems if problem.path == key.path), None),
        )

    @property
    def saved(self) -> Document:
        """The file as it was opened or last saved."""
        return self._saved

    def config(self) -> TrainingConfig:
        """The checked values. Raises ConfigError while there are errors."""
        return TrainingConfig.from_document(self.document)

    def unknown(self) -> list[Key]:
        """Keys of the file that the schema does not have, as keys of free text: kept, shown and editable."""
        return [
            unknown_key(".".join(path))
            for path in self.document.items()
            if path and ".".join(path) not in KEY_BY_PATH
        ]

    # -- editing

    def parse(self, key: Key, text: str) -> Value:
        """`text` as the key's type. Raises StickgenError with what is allowed."""
        if key.path not in KEY_BY_PATH:
            value = resolve(text.strip())
            return text.strip() if value is None else value
        if key.type is str and not key.choices:
            return key.check(text)
        try:
            return parse_override(f"{key.path}={text.strip()}")[1]
        except StickgenError as error:
            raise StickgenError(f"must be {key.range_text()}") from error

    def apply(self, edits: Iterable[Edit]) -> int:
        """Make these edits as one step of undo, all or none; how many of them changed something.

        Raises EditRefusedError; the document is then as it was.
        """
        made = 0
        also: list[str] = []
        try:
            for path, value in edits:
                before = self.document.text
                if value is None and self.document.node(path) is not None:
                    also += self.document.delete(path)
                elif value is not None:  # one that is there already stays as it is written
                    also += self.document.set(path, value)
                made += self.document.text != before
        except StickgenError:
            for _ in range(made):
                self.document.undo()
            if made:
                self._undone.clear()
            raise
        self.also_changed = tuple(also)
        self._made(made)
        return made

    def _made(self, count: int) -> None:
        """So many edits of the document are the last step of undo."""
        if count:
            self._done.append(count)
            self._undone.clear()
            self._problems = None

    def set(self, key: Key, value: Value) -> bool:
        """Give a key a value; False when it had it already. Raises EditRefusedError."""
        return self.apply([(key.path, value)]) > 0

    def reset(self, key: Key) -> bool:
        """Put a key back to its default, with its comment kept; one that is not in the file stays out.

        One that the schema does not have is taken out of the file.
        """
        return self.apply(self.default_edits([key])) > 0

    def default_edits(self, keys: Iterable[Key]) -> list[Edit]:
        """What puts `keys` back to their defaults."""
        return [
            (key.path, key.default if key.path in KEY_BY_PATH else None)
            for key in keys
            if not self._is_default(key)
        ]

    def reference_edits(self, keys: Iterable[Key], reference: Reference) -> list[Edit]:
        """What gives `keys` the values that they have in another config."""
        out: list[Edit] = []
        for key in keys:
            there, here = reference.document.get(key.path), self.document.get(key.path)
            wanted = reference.value(key)
            if there is MISSING and reference.kind == "disk" and here is not MISSING:
                out.append((key.path, None))  # it came by an edit
            elif isinstance(wanted, bool | int | float | str) and repr(wanted) != repr(self.value(key)):
                out.append((key.path, wanted))
        return out

    def _is_default(self, key: Key) -> bool:
        found = self.document.get(key.path)
        return key.path in KEY_BY_PATH and (found is MISSING or found == key.default)

    def mend(self, key: Key | None) -> Problem | None:
        """Make the edit that mends `key`'s problem, or else the first that has one; returns what was mended.

        None where no problem brings an edit. Raises EditRefusedError.
        """
        mendable = [problem for problem in self.problems if problem.mendable]
        own = [problem for problem in mendable if key is not None and problem.path == key.path]
        for problem in (*own, *mendable):
            if problem.edit is not None:
                self.apply([problem.edit])
            elif problem.rename is not None:
                self.document.rename(problem.path, problem.rename)
                self._made(1)
            return problem
        return None

    def stepped(self, key: Key, direction: int) -> Value | None:
        """The next value up (+1) or down (-1) from the present one, None at the end of the range."""
        return next_value(key, self.value(key), direction)

    def undo(self) -> bool:
        """Take back the last step; False where there is none."""
        return self._swap(self._done, self._undone, self.document.undo)

    def redo(self) -> bool:
        """Make it again."""
        return self._swap(self._undone, self._done, self.document.redo)

    def _swap(self, source: list[int], target: list[int], move: Callable[[], bool]) -> bool:
        if not source:
            return False
        count = source.pop()
        for _ in range(count):
            move()
        target.append(count)
        self._problems = None
        return True

    # -- saving

    def save(self, path: Path | None = None, *, over: bool = False) -> None:
        """Write the file. Raises SaveConflictError when it changed on disk, StickgenError otherwise.

        `over` writes it knowing that it changed.
        """
        self.document.save(path, over=over)
        self._saved = Document.parse(self.document.data, self.document.name)

    def changes(self) -> list[tuple[str, str, str]]:
        """(path, saved text, present text) of every key that differs from what was last saved."""
        before, after = self._saved.items(), self.document.items()
        out = []
        for path in list(after) + [path for path in before if path not in after]:
            old, new = before.get(path, MISSING), after.get(path, MISSING)
            if old is MISSING or new is MISSING or repr(old) != repr(new):
                out.append((".".join(path), _shown(old), _shown(new)))
        return out

    def diff(self) -> list[str]:
        """What a save would do to the file as it is on disk now, as the lines of a unified diff.

        Where it cannot be read, against what was opened. Foreign text: clean it before it is shown.
        """
        before = self._saved.data
        if self.document.path is not None:
            with contextlib.suppress(StickgenError):
                before = read_config_file(self.document.path)
        return text_diff(before, self.document.data)

    def merged_onto_disk(self) -> EditSession:
        """A session on the file as it is on disk now, with this session's changes made again there.

        Raises ConfigError or EditRefusedError where that cannot be done; this session is then as it was.
        Its edits are not kept as a draft until `keep_draft`.
        """
        if self.document.path is None:
            raise EditRefusedError(f"{self.document.name}: it has no file to merge with")
        fresh = EditSession(Document.open(self.document.path))
        edits: list[Edit] = []
        for path, _, _ in self.changes():
            value = self.document.get(path)
            if value is MISSING:
                edits.append((path, None))
            elif isinstance(value, bool | int | float | str):
                edits.append((path, value))
        fresh.apply(edits)
        return fresh

    def keep_draft(self) -> None:
        """From here on each edit is kept where a crash cannot reach it."""
        keep(self.document)


def unknown_key(path: str) -> Key:
    """A key that the schema does not have: free text, kept as it is until a person changes it."""
    return Key(
        path, str, "", "kept as it is", "This version does not know the key; it has no effect on a run."
    )


def mend_text(problem: Problem, ending: str = "") -> str:
    """`set nhead to 4`: what mends a problem, "" where that is not known; `ending` is that of the verb."""
    if problem.edit is not None:
        path, value = problem.edit
        return f"set{ending} {KEY_BY_PATH[path].name} to {value_text(value)}"
    if problem.rename is not None:
        return f"rename{ending} {problem.path.rpartition('.')[2]} to {problem.rename}"
    return ""


def _shown(value: object) -> str:
    return "not there" if value is MISSING else value_text(value)


def value_text(value: object) -> str:
    """A value as it is shown and typed: `true`, `0.0003`, text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, float):
        text = repr(value)
        return f"{Decimal(text):f}" if "e-" in text and abs(value) >= 1e-9 else text
    return str(value)
