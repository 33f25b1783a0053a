"""The editor's core: steps that are always allowed, and files of which nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.config.comparing import differences
from stickgen.config.drafts import find
from stickgen.config.loading import TrainingConfig
from stickgen.config.rules import Site
from stickgen.config.schema import KEY_BY_PATH, KEYS, Key
from stickgen.errors import StickgenError
from stickgen.yaml_edit import Document, SaveConflictError
from stickgen_tui.editing.comparing import Reference, nearest_preset, preset_reference
from stickgen_tui.editing.session import EditSession
from stickgen_tui.editing.stepping import next_value
from stickgen_tui.editing.values import fix_text, value_text

BATCH = KEY_BY_PATH["training.batch_size"]


@given(st.sampled_from(KEYS), st.lists(st.sampled_from([1, -1]), max_size=12))
def test_a_step_never_leaves_what_is_allowed(key: Key, directions: list[int]) -> None:
    value: object = key.default
    for direction in directions:
        stepped = next_value(key, value, direction)
        if stepped is not None:
            assert key.check(stepped) == stepped
            value = stepped


@pytest.mark.parametrize(
    "key", [key for key in KEYS if key.type in (int, float) and key.minimum != key.maximum]
)
def test_a_step_up_is_larger_and_a_step_down_smaller(key: Key) -> None:
    up, down = next_value(key, key.default, 1), next_value(key, key.default, -1)
    assert up is not None or down is not None
    assert up is None or float(up) > float(key.default)
    assert down is None or float(down) < float(key.default)


@given(st.floats(1e-9, 1e9))
def test_a_number_as_shown_reads_back_as_that_number(value: float) -> None:
    assert float(value_text(value)) == pytest.approx(value, rel=1e-9)


def test_numbers_are_shown_as_a_file_has_them() -> None:
    assert [value_text(v) for v in (1.0, 0.0003, 3e-05, True, 7, "a b")] == [
        "1.0",
        "0.0003",
        "0.00003",
        "true",
        "7",
        "a b",
    ]


def test_an_edit_changes_one_line_and_keeps_its_comment(config: Path) -> None:
    before = config.read_bytes().split(b"\n")
    session = EditSession.open(config)
    assert session.set(BATCH, 4)
    assert session.dirty and session.changes() == [("training.batch_size", "16", "4")]
    session.save()
    after = config.read_bytes().split(b"\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    assert changed[0][0].split(b"#")[1] == changed[0][1].split(b"#")[1]
    assert TrainingConfig(config).get("training.batch_size") == 4
    assert not session.dirty and session.state(BATCH).was is None


def test_undo_restores_the_bytes(config: Path) -> None:
    before = config.read_bytes()
    session = EditSession.open(config)
    for value in (4, 128, 1):
        session.set(BATCH, value)
    assert session.state(BATCH).was == "16"
    while session.undo():
        pass
    assert session.document.data == before
    assert session.redo() and session.value(BATCH) == 4


def test_a_key_that_is_missing_takes_its_default_and_can_be_added(config: Path) -> None:
    key = KEY_BY_PATH["training.seed"]
    session = EditSession.open(config)
    assert session.value(key) == 42 and not session.state(key).in_file
    assert not session.default_edits([key])  # it is at its default already, and stays out of the file
    assert session.set(key, 7) and session.state(key).in_file
    session.save()
    assert TrainingConfig(config).get("training.seed") == 7


def test_problems_show_at_their_key_and_errors_come_first(config: Path) -> None:
    session = EditSession.open(config)
    session.set(KEY_BY_PATH["model.nhead"], 5)
    problem = session.state(KEY_BY_PATH["model.nhead"]).problem
    assert problem is not None and problem.severity == "error"
    assert session.errors == [problem]
    session.undo()
    assert session.errors == []


@pytest.mark.parametrize(("text", "value"), [(" 8 ", 8), ("1e1", 10)])
def test_typed_text_becomes_the_type_of_the_key(config: Path, text: str, value: int) -> None:
    assert EditSession.open(config).parse(BATCH, text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "two", "true", "[1]", "nan"])
def test_what_is_not_allowed_is_refused_in_a_sentence(config: Path, text: str) -> None:
    with pytest.raises(StickgenError, match="must be a whole number, from 1|must be a whole number from 1"):
        EditSession.open(config).parse(BATCH, text)


def test_a_file_that_changed_on_disk_is_not_overwritten_and_both_sides_can_be_kept(config: Path) -> None:
    session = EditSession.open(config)
    session.set(BATCH, 4)
    other = config.read_text().replace("epochs: 100 ", "epochs: 41 ") + "# by another hand\n"
    config.write_text(other)
    with pytest.raises(SaveConflictError):
        session.save()
    assert config.read_text() == other
    merged = session.merged_onto_disk()
    merged.save()
    text = config.read_text()
    assert "by another hand" in text
    found = TrainingConfig(config)
    assert (found.get("training.epochs"), found.get("training.batch_size")) == (41, 4)


def test_unknown_keys_are_kept_and_listed() -> None:
    session = EditSession(Document.parse(b"training:\n  batch_size: 2\nmine:\n  note: hello  # mine\n"))
    (note,) = session.unknown()
    assert note.path == "mine.note" and session.value(note) == "hello"
    session.set(BATCH, 8)
    assert b"note: hello  # mine" in session.document.data
    assert session.set(note, session.parse(note, " 12 "))
    assert b"note: 12     # mine" in session.document.data
    session.undo()
    assert session.apply(session.default_edits([note])) and session.document.data.endswith(b"8\nmine: {}\n")
    session.undo()
    assert b"note: hello  # mine" in session.document.data


def test_several_edits_are_one_step_of_undo_and_all_or_none(config: Path) -> None:
    before = config.read_bytes()
    session = EditSession.open(config)
    assert (
        session.apply([("training.batch_size", 8), ("training.grad_accum_steps", 8), ("model.nhead", 4)]) == 2
    )
    assert session.undo() and session.document.data == before and not session.undo()
    assert session.redo() and session.value(BATCH) == 8 and not session.redo()
    after = session.document.data
    with pytest.raises(StickgenError):
        session.apply([("training.batch_size", 2), ("training", 3)])  # a section is no value
    assert session.document.data == after
    assert session.undo() and session.document.data == before


def test_resetting_goes_to_the_defaults_or_to_another_config(config: Path) -> None:
    session = EditSession.open(config)
    group = [key for key in KEYS if key.group == "training"]
    medium = preset_reference("medium")
    session.apply(session.reference_edits(group, medium))
    assert all(session.value(key) == medium.value(key) for key in group)
    assert {d.path.split(".")[0] for d in differences(session.document, medium.document)}.isdisjoint(
        {"training"}
    )
    assert session.undo()
    session.apply(session.default_edits(group))
    assert all(session.value(key) == key.default for key in group)
    session.set(KEY_BY_PATH["training.seed"], 7)
    disk = Reference("disk", "the file on disk", "disk", session.saved)
    session.apply(session.reference_edits(KEYS, disk))
    assert session.document.items() == session.saved.items()  # the key that came by an edit is gone again


def test_edits_of_a_session_that_died_are_found_with_their_undo(config: Path) -> None:
    before = config.read_bytes()
    session = EditSession.open(config)
    session.set(BATCH, 8)
    session.apply([("model.d_model", 192), ("model.nhead", 6)])
    session.undo()
    edited = session.document.data
    session.document.journal.close()  # type: ignore[union-attr]  # as the death of the process does
    draft = find(config)
    assert draft is not None and draft.data == edited and not draft.file_changed
    again = EditSession.take_up(draft)
    assert again.dirty and again.changes() == [("training.batch_size", "16", "8")]
    assert again.undo() and again.document.data == before and again.redo()
    again.save()
    assert config.read_bytes() == edited and find(config) is None


def test_the_nearest_preset_is_the_one_of_the_name_else_of_the_values(config: Path, repo: Path) -> None:
    near = nearest_preset(Document.open(config))
    assert near is not None and near.short == "quickstart"
    other = nearest_preset(Document.parse((repo / "configs" / "large.yaml").read_bytes(), "mine.yaml"))
    assert other is not None and other.short == "large"


def test_what_cannot_work_on_this_machine_is_an_error_with_its_fix(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("device:\n  type: cuda\n")
    session = EditSession.open(path)
    assert session.errors == []
    dataset = Path("data/train_data_final.pt").absolute()
    session.take_site(Site(cuda=False, mps=False, cores=4, embedding_dim=384), dataset)
    assert [problem.path for problem in session.errors] == ["model.embedding_dim", "device.type"]
    for _ in range(2):
        session.fix(None)
    assert session.errors == []
    assert (session.document.get("device.type"), session.document.get("model.embedding_dim")) == ("auto", 384)
    session.set(KEY_BY_PATH["model.embedding_dim"], 768)
    assert session.errors
    session.set(KEY_BY_PATH["data.train_data"], "data/other.pt")  # of which nothing is known yet
    assert session.errors == []


def test_the_dataset_of_the_stage_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("training:\n  stage: sft\ndata:\n  curated_sft_data: narrow.pt\n")
    session = EditSession.open(path)
    session.take_site(Site(embedding_dim=384), Path("narrow.pt").absolute())
    assert [problem.path for problem in session.errors] == ["model.embedding_dim"]
    session.set(KEY_BY_PATH["training.stage"], "pretrain")  # of whose dataset nothing is known yet
    assert session.errors == []


def test_a_number_that_other_readers_take_for_text_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("training:\n  learning_rate: 1e-4   # slow\n")
    session = EditSession.open(path)
    assert session.fix(None) is not None
    assert session.document.text == "training:\n  learning_rate: 1.0e-4 # slow\n"
    assert session.problems == []
    assert session.fix(None) is None


def test_a_misspelt_key_is_renamed_in_its_place_and_that_is_undone(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    text = "traning:\n  batch_sise: 3  # small\n  epochs: 2\n"
    path.write_text(text)
    session = EditSession.open(path)
    assert fix_text(session.problems[0], "s") == "renames traning to training"
    session.fix(None)
    assert fix_text(session.problems[0]) == "rename batch_sise to batch_size"
    session.fix(None)
    assert session.document.text == "training:\n  batch_size: 3  # small\n  epochs: 2\n"
    assert session.errors == []
    assert session.undo() and session.undo() and not session.undo()
    assert session.document.text == text
    session.document.replace("training:\n  batch_sise: 3\n  batch_size: 4\n")  # the right name is taken
    again = EditSession(session.document)
    assert again.problems[0].message == "unknown key" and not again.problems[0].fixable
