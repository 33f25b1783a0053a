"""Live changes are a schedule: what counts at a step does not depend on when one asks, and the last word wins."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.config import TrainingConfig
from stickgen.config.schema import KEY_BY_PATH
from stickgen.errors import StickgenError
from stickgen.runs.directory import RunDirectory
from stickgen.runs.live import (
    LIVE_KEYS,
    KeyChange,
    LiveChange,
    add_change,
    check_changes,
    config_at,
    drop_changes_after,
    drop_overruled,
    effective_text,
    read_changes,
    values_at,
    warnings_of,
)

BASE = TrainingConfig()
RATE, WEIGHT, EPOCHS = "training.learning_rate", "loss_weights.physics", "training.epochs"
VALUES = {RATE: st.sampled_from([1e-5, 1e-4, 3e-4, 1e-3]), WEIGHT: st.sampled_from([0.0, 0.2, 0.7])}
EDITS = st.fixed_dictionaries({}, optional=VALUES).filter(bool)


def change(number: int, step: int, values: dict[str, float], base: TrainingConfig) -> LiveChange:
    keys = tuple(KeyChange(path, base.get(path), new, base.get(path)) for path, new in values.items())
    return LiveChange(f"{number}", step, 1, keys)


@given(st.lists(st.tuples(st.integers(0, 6), EDITS), max_size=6), EDITS, st.integers(0, 6))
def test_the_file_keeps_the_schedule(
    taken: list[tuple[int, dict[str, float]]], edited: dict[str, float], back: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory(Path(folder))
        for number, (step, values) in enumerate(taken):
            added = change(number, step, values, BASE)
            assert add_change(run, added, BASE) == add_change(run, added, BASE)  # an id is there once
        changes = read_changes(run)
        assert [(each.id, each.step) for each in changes] == [
            (f"{n}", step) for n, (step, _) in enumerate(taken)
        ]

        for step in range(8):  # the newest of those that have begun, key by key
            expected = {RATE: BASE.get(RATE), WEIGHT: BASE.get(WEIGHT)}
            for begun, values in taken:
                expected |= values if begun <= step else {}
            now = config_at(BASE, changes, step)
            assert {path: now.get(path) for path in expected} == expected
            assert now.bytes == BASE.bytes and values_at(BASE, changes, step).keys() <= expected.keys()

        newer = BASE.changed(edited)  # somebody edits config.yaml: that is the newer word, and it stays so
        changed = {path for path, value in edited.items() if value != BASE.get(path)}
        before = [config_at(newer, changes, step) for step in range(8)]
        assert all(config.get(path) == edited[path] for config in before for path in changed)
        left = drop_overruled(run, newer)
        assert [config_at(newer, left, step) == config for step, config in enumerate(before)] == [True] * 8
        assert not {key.path for each in read_changes(run) for key in each.keys} & changed

        gone = drop_changes_after(run, back)
        assert all(each.step > back for each in gone)
        assert all(config_at(newer, read_changes(run), step) == before[step] for step in range(back + 1))


@given(
    st.sampled_from(LIVE_KEYS),
    st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.booleans(), st.none()),
)
def test_a_value_is_taken_or_refused_with_a_sentence(key: object, value: object) -> None:
    path = key.path  # type: ignore[attr-defined]
    try:
        (found,) = check_changes(BASE, {path: value}, step=0, steps_per_epoch=10)
    except StickgenError as error:
        assert path in str(error)
        return
    assert KEY_BY_PATH[path].check(value) == found.new != found.old


def test_which_keys_are_live_stands_with_the_keys() -> None:
    live = {key.path for key in LIVE_KEYS}
    assert {RATE, EPOCHS, "training.max_minutes", "logging.save_interval", "evaluation.best_by"} <= live
    assert {path for path in KEY_BY_PATH if path.startswith("loss_weights.")} <= live
    assert not live & {"training.batch_size", "training.seed", "training.optimizer", "data.max_frames"}
    assert not {path for path in live if path.startswith(("model.", "device.", "lora."))}


def test_a_rule_that_breaks_and_trains_all_the_same_is_said() -> None:
    config = BASE.changed({"training.warmup_epochs": 10, EPOCHS: 50})
    (found,) = check_changes(config, {EPOCHS: 8}, step=5, steps_per_epoch=10)
    assert any("warm-up of 10 epochs is longer" in sentence for sentence in warnings_of(config, [found]))


def test_the_text_of_what_counts_is_a_config_with_every_value() -> None:
    config = BASE.changed({RATE: 1e-5, WEIGHT: 0.7})
    again = TrainingConfig.from_bytes(effective_text(config).encode())
    assert not again.missing and not again.warnings
    assert all(again.get(path) == config.get(path) for path in KEY_BY_PATH)


@pytest.mark.parametrize("damage", ["{", "[]", '{"changes": 3}', '{"changes": [{"id": 1, "step": 2, "launch": 1, "keys": []}]}',
    '{"changes": [{"id": "a", "step": 2, "launch": 1, "keys": [{"key": "no.such", "old": 1, "new": 2, "config": 1}]}]}'])  # fmt: skip
def test_what_is_damaged_is_named(tmp_path: Path, damage: str) -> None:
    (tmp_path / "live.json").write_text(damage)
    with pytest.raises(StickgenError, match=r"live\.json: it is damaged"):
        read_changes(RunDirectory(tmp_path))
