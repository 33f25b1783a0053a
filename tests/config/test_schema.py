"""The list of keys is whole and its own rules hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stickgen.config.schema import GROUPS, KEY_BY_PATH, KEYS, Key, defaults


def test_every_default_and_step_passes_its_own_check() -> None:
    for key in KEYS:
        assert key.check(key.default) == key.default
        for step in key.steps:
            assert key.check(step) == step


def test_paths_are_unique_and_grouped() -> None:
    assert len(KEY_BY_PATH) == len(KEYS)
    assert {key.group for key in KEYS} == {group.name for group in GROUPS}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("model.d_model", 384), ("model.nhead", 12), ("model.num_layers", 8), ("model.embedding_dim", 1024),
        ("model.dropout", 0.1), ("model.num_actions", 64), ("training.batch_size", 2),
        ("training.grad_accum_steps", 32), ("training.epochs", 50), ("training.learning_rate", 0.0003),
        ("training.warmup_epochs", 10), ("training.max_grad_norm", 1.0), ("loss_weights.temporal", 0.1),
        ("loss_weights.action", 0.15), ("loss_weights.physics", 0.2), ("loss_weights.diffusion", 0.1),
        ("data.train_data", "data/train_data_final.pt"), ("device.type", "auto"), ("device.num_workers", 0),
        ("device.pin_memory", False), ("logging.level", "INFO"), ("logging.log_interval", 10),
        ("logging.save_interval", 5),
    ],
)  # fmt: skip
def test_defaults_are_the_guides(path: str, value: object) -> None:
    group, name = path.split(".")
    assert defaults()[group][name] == value
    assert KEY_BY_PATH[path].in_specification


@given(st.sampled_from(KEYS), st.one_of(st.none(), st.text(), st.lists(st.integers()), st.floats()))
def test_check_returns_the_keys_type_or_refuses(key: Key, value: object) -> None:
    try:
        checked = key.check(value)
    except ValueError as error:
        assert key.range_text() in str(error)
    else:
        assert type(checked) is key.type


def test_text_is_never_taken_for_a_number_nor_a_truth_for_a_count() -> None:
    for path, value in (("training.batch_size", "4"), ("training.epochs", True), ("device.pin_memory", 1)):
        with pytest.raises(ValueError, match="must be"):
            KEY_BY_PATH[path].check(value)


def test_limits_are_written_as_a_person_writes_them() -> None:
    texts = {key.path: key.range_text() for key in KEYS}
    assert texts["training.seed"] == "a whole number from 0 to 2,147,483,647"
    assert texts["diffusion.guidance_min_time"] == "a number from 0 to 1"
    assert not [text for text in texts.values() if "e+" in text]
