"""What the editor does to a config, without a widget: values, steps, problems, undo, saving, merging.

Every change goes through the byte-preserving document; this only knows which key is meant and what a
person's text or key press becomes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from stickgen.config.checking import Problem, check
from stickgen.config.chosen_dataset import dataset_path
from stickgen.config.drafts import Draft, keep
from stickgen.config.loading import TrainingConfig, parse_override
from stickgen.config.presets import preset_of
from stickgen.config.rules import Site
from stickgen.config.schema import KEY_BY_PARTS, Key, Value
from stickgen.errors import StickgenError
from stickgen.yaml_edit import (
    MISSING,
    AnyPath,
    Disk,
    Document,
    EditRefusedError,
    KeyPath,
    Plain,
    disk_state,
    path_of,
    path_text,
    read_yaml_file,
    text_diff,
)
from stickgen_tui.editing.stepping import next_value
from stickgen_tui.editing.unknown_key import UnknownKey, unknown_key
from stickgen_tui.editing.values import changed_values, shown_value, value_text

if TYPE_CHECKING:
    from stickgen_tui.editing.comparing import Reference

Edit = tuple[AnyPath, Value | None]  # a key and its new value; None takes it out of the file


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
        self._problem_of: dict[KeyPath, Problem] | None = None
        self._config: tuple[str, TrainingConfig] | None = None  # of which text
        self.site: Site | None = None  # what is known of this machine and the dataset
        self._site_dataset: Path | None = None
        self._done: list[int] = []  # how many edits of the document each step of undo is made of
        self._undone: list[int] = []
        self.also_changed: tuple[str, ...] = ()  # by the last edit: the aliases of an anchored value

    @classmethod
    def open(cls, path: Path) -> EditSession:
        """Open a file, and keep its edits where a crash cannot reach them.

        Raises YamlError if it cannot be read as a config.
        """
        session = cls(Document.open(path))
        keep(session.document)
        return session

    @classmethod
    def take_up(cls, draft: Draft) -> EditSession:
        """Go on with the edits of an editor that is gone. Raises StickgenError if that cannot be done."""
        session = cls(draft.open(), saved=draft.base)
        session._done, session._undone = [1] * draft.edits, [1] * len(draft.undone)
        return session

    @property
    def draft_failure(self) -> str | None:
        """Why the last edit would not survive a crash; None if it would."""
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
            self._problem_of = None
        return self._problems

    def _problem_by_parts(self) -> dict[KeyPath, Problem]:
        """The worst problem of each key."""
        problems = self.problems  # looked at anew after an edit, and then there is no index yet
        if self._problem_of is None:
            self._problem_of = {problem.parts: problem for problem in reversed(problems)}
        return self._problem_of

    def take_site(self, site: Site, dataset: Path) -> None:
        """Check the config against this machine and the facts of this dataset too."""
        self.site, self._site_dataset, self._problems = site, dataset, None

    def _site_now(self) -> Site | None:
        """What is known; of a dataset only as long as the config still names it."""
        if self.site is None or self._site_dataset == dataset_path(self.value_at):
            return self.site
        return replace(self.site, embedding_dim=None, clips=None)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def preset(self) -> str | None:
        """The name of the preset that the file is; None if it is a person's own."""
        return preset_of(self.document.path) if self.document.path is not None else None

    @property
    def dirty(self) -> bool:
        return self.document.dirty

    def value(self, key: Key) -> object:
        """The value in the file, or the default where the file leaves the key out."""
        found = self.document.get(key.parts)
        return key.default if found is MISSING else found

    def value_at(self, path: AnyPath) -> object:
        """The same by path; "" for a key that neither the file nor the schema has."""
        parts = path_of(path) if isinstance(path, str) else path
        return self.value(KEY_BY_PARTS.get(parts) or unknown_key(parts))

    def state(self, key: Key) -> FieldState:
        """All that a row shows."""
        found, saved = self.document.get(key.parts), self._saved.get(key.parts)
        text = value_text(self.value(key))
        saved_text = value_text(key.default if saved is MISSING else saved)
        return FieldState(
            text=text,
            in_file=found is not MISSING,
            is_default=found is MISSING or found == key.default,
            was=saved_text if saved_text != text else None,
            problem=self.problem(key),
        )

    def problem(self, key: Key) -> Problem | None:
        """The worst problem of a key."""
        return self._problem_by_parts().get(key.parts)

    @property
    def saved(self) -> Document:
        """The file as it was opened or last saved."""
        return self._saved

    def config(self) -> TrainingConfig:
        """The checked values. Raises YamlError while there are errors."""
        if self._config is None or self._config[0] is not self.document.text:
            self._config = (self.document.text, TrainingConfig.from_document(self.document))
        return self._config[1]

    def unknown(self) -> list[UnknownKey]:
        """Keys of the file that the schema does not have, as keys of free text: kept, shown and editable."""
        return [unknown_key(path) for path in self.document.items() if path and path not in KEY_BY_PARTS]

    # -- editing

    def parse(self, key: Key, text: str) -> Value:
        """`text` as the key's type. Raises StickgenError with what is allowed."""
        if isinstance(key, UnknownKey):
            value = self.document.typed(key.parts, text)
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
        return self.apply([(key.parts, value)]) > 0

    def replace(self, text: str) -> None:
        """Take another text in the place of the whole, as one step. Raises YamlError if it is no config."""
        before = self.document.text
        self.document.replace(text)
        self._made(int(self.document.text != before))

    def default_edits(self, keys: Iterable[Key]) -> list[Edit]:
        """What puts `keys` back to their defaults.

        A key that is not in the file stays out of it; one that the schema does not have is removed from the file.
        """
        return [
            (key.parts, None if isinstance(key, UnknownKey) else key.default)
            for key in keys
            if not self._is_default(key)
        ]

    def reference_edits(self, keys: Iterable[Key], reference: Reference) -> list[Edit]:
        """What gives `keys` the values that they have in another config."""
        out: list[Edit] = []
        for key in keys:
            there, here = reference.document.get(key.parts), self.document.get(key.parts)
            wanted = reference.value(key)
            if there is MISSING and reference.kind == "disk" and here is not MISSING:
                out.append((key.parts, None))  # it came by an edit
            elif isinstance(wanted, bool | int | float | str) and repr(wanted) != repr(self.value(key)):
                out.append((key.parts, wanted))
        return out

    def _is_default(self, key: Key) -> bool:
        found = self.document.get(key.parts)
        return not isinstance(key, UnknownKey) and (found is MISSING or found == key.default)

    def fix(self, key: Key | None) -> Problem | None:
        """Make the edit that fixes `key`'s problem, or else the first that has one; returns what was fixed.

        None if no problem brings an edit. Raises EditRefusedError.
        """
        fixable = [problem for problem in self.problems if problem.fixable]
        own = [problem for problem in fixable if key is not None and problem.parts == key.parts]
        for problem in (*own, *fixable):
            if problem.edit is not None:
                self.apply([problem.edit])
            elif problem.rename is not None:
                self.document.rename(problem.parts, problem.rename)
                self._made(1)
            return problem
        return None

    def stepped(self, key: Key, direction: int) -> Value | None:
        """The next value up (+1) or down (-1) from the present one, None at the end of the range."""
        return next_value(key, self.value(key), direction)

    def undo(self) -> bool:
        """Take back the last step; False if there is none."""
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

    def save(self, path: Path | None = None, *, over: bool = False, force: bool = False) -> list[str]:
        """Write the file; what of its owner and attributes could not be kept is returned, in words.

        Raises SaveConflictError when it changed on disk (`over` writes it knowing that), ProtectedError when it is
        write-protected (`force` writes it all the same), StickgenError otherwise.
        """
        lost = self.document.save(path, over=over, force=force)
        self._saved = Document.parse(self.document.data, self.document.name)
        return lost

    def changes(self) -> list[tuple[str, str, str]]:
        """(path, saved text, present text) of every key that differs from what was last saved."""
        changed = changed_values(self._saved, self.document)
        return [(path_text(path), shown_value(old), shown_value(new)) for path, old, new in changed]

    def diff(self) -> list[str]:
        """What a save would do to the file as it is on disk now, as the lines of a unified diff.

        Where it cannot be read, against what was opened. Foreign text: clean it before it is shown.
        """
        before = self._saved.data
        if self.document.path is not None:
            with contextlib.suppress(StickgenError):
                before = read_yaml_file(self.document.path)
        return text_diff(before, self.document.data)

    def merged_onto_disk(self) -> EditSession:
        """A session on the file as it is on disk now, with this session's changes made again there, undone one by one.

        Raises YamlError or EditRefusedError if that cannot be done; this session is then as it was.
        Its edits are not kept as a draft until `keep_draft`.
        """
        if self.document.path is None:
            raise EditRefusedError(f"{self.document.name}: it has no file to merge with")
        fresh = EditSession(Document.open(self.document.path))
        for path, old, new in changed_values(self._saved, self.document):
            before = fresh.document.text
            if new is not MISSING:
                fresh.document.set(path, cast(Plain, new))
            elif old is not MISSING and fresh.document.node(path) is not None:
                fresh.document.delete(path)
            fresh._made(int(fresh.document.text != before))
        return fresh

    def disk_state(self) -> Disk:
        """How the file on disk stands to what was opened or last saved. Raises YamlError if it cannot be read."""
        path = self.document.path
        return "same" if path is None else disk_state(path, self.document.saved_data)

    def keep_draft(self) -> None:
        """From here on each edit is kept where a crash cannot reach it."""
        keep(self.document)
