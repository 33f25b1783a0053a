"""A config is checked as a whole, and every complaint says where, what and how to fix it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.config import TrainingConfig
from stickgen.config.checking import check
from stickgen.config.loading import parse_override
from stickgen.config.presets import TIERS, preset_names, preset_path
from stickgen.config.schema import KEYS
from stickgen.errors import StickgenError
from stickgen.yaml_edit import Document, YamlError


@pytest.mark.parametrize("name", preset_names())
def test_shipped_configs_have_no_problem(name: str) -> None:
    assert check(Document.open(preset_path(name))) == []


def test_base_has_every_key_at_mediums_values(repo: Path) -> None:
    base, medium = TrainingConfig(repo / "configs/base.yaml"), TrainingConfig(repo / "configs/medium.yaml")
    assert base.missing == []
    assert all(base.get(key.path) == medium.get(key.path) == key.default for key in KEYS)


@pytest.mark.parametrize(
    ("name", "d_model", "layers", "nhead", "batch_size", "accum"),
    [
        ("small", 256, 6, 8, 1, 64), ("medium", 384, 8, 12, 2, 32), ("large", 512, 10, 16, 16, 4),
        ("tiers/cpu_8gb", 192, 4, 8, 1, 64), ("tiers/cpu_16gb", 256, 6, 8, 2, 32),
        ("tiers/cpu_32gb", 384, 8, 12, 4, 16), ("tiers/gpu_8gb", 384, 8, 12, 16, 4),
        ("tiers/gpu_16gb", 512, 10, 16, 32, 2),
    ],
)  # fmt: skip
def test_presets_and_tiers_are_the_guides(
    name: str, d_model: int, layers: int, nhead: int, batch_size: int, accum: int
) -> None:
    config = TrainingConfig(preset_path(name))
    assert (config.model.d_model, config.model.num_layers, config.model.nhead) == (
        d_model,
        layers,
        nhead,
    )
    assert (config.training.batch_size, config.training.grad_accum_steps) == (batch_size, accum)
    assert config.effective_batch == 64


def test_gpu_tiers_ask_for_the_gpu() -> None:
    for tier in TIERS:
        device = TrainingConfig(preset_path(f"tiers/{tier.name}")).device
        assert (device["type"] == "cuda") == device["pin_memory"] == bool(tier.min_vram_gib)


def test_the_guides_python_example(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo)
    config = TrainingConfig("configs/base.yaml")
    assert config.get("model.d_model") == 384
    assert config.get("training.batch_size") == 2
    assert config.model.nhead == 12
    assert config.training.epochs == 50
    assert config.get("no.such", "x") == "x"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "model:\n  nhead: 7\n",
            r"my.yaml:2:10: model.nhead: 7 does not divide d_model 384; use one of 1, 2, 3",
        ),
        (
            "training:\n  batch_size: two\n",
            r"my.yaml:2:15: training.batch_size: two is text: must be a whole",
        ),
        ("training:\n  batch_sise: 3\n", r"my.yaml:2:3: .*unknown key; did you mean training.batch_size"),
        ("training:\n  epochs: 0\n", r"must be a whole number from 1 to"),
        ("training: 3\n", r"3 is no section"),
        ("model:\n  d_model: [1]\n", r"is a list or a section; it must be a whole number"),
        ("model:\n  input_dim: 30\n", r"must be 20"),
        ("device:\n  type: tpu\n", r"must be one of auto, cpu, cuda, mps"),
    ],
)
def test_errors_name_file_line_key_value_and_fix(text: str, says: str) -> None:
    with pytest.raises(YamlError, match=says):
        TrainingConfig.from_bytes(text.encode(), "my.yaml")


def test_all_errors_are_listed_at_once() -> None:
    with pytest.raises(YamlError) as caught:
        TrainingConfig.from_bytes(b"training:\n  epochs: 0\n  batch_size: no\n", "my.yaml")
    assert len(str(caught.value).splitlines()) == 2


def test_unknown_keys_are_kept_and_named() -> None:
    config = TrainingConfig.from_bytes(b"mine:\n  thing: 1\nmodel:\n  d_model: 256\n  nhead: 8\n", "my.yaml")
    assert config.unknown == ["mine"]
    assert b"thing: 1" in config.bytes
    assert "model.num_layers" in config.missing


def test_numbers_that_other_readers_take_for_text_are_flagged() -> None:
    config = TrainingConfig.from_bytes(b"training:\n  learning_rate: 1e-4\n", "my.yaml")
    assert config.training.learning_rate == pytest.approx(1e-4)
    assert "write 1.0e-4" in config.warnings[0].sentence("my.yaml")


def test_a_missing_config_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(YamlError, match=r"no such config; the shipped ones are .*medium"):
        TrainingConfig(tmp_path / "nope.yaml")


def test_overrides_win_and_are_in_the_bytes(repo: Path) -> None:
    config = TrainingConfig(
        repo / "configs/small.yaml",
        dict([parse_override("training.batch_size=4"), parse_override("device.type=cpu")]),
    )
    assert config.training.batch_size == 4
    again = TrainingConfig.from_bytes(config.bytes)
    assert (again.training.batch_size, again.device.type) == (4, "cpu")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("training.batch_size", "write key=value"),
        ("batch_size=3", "did you mean training.batch_size"),
        ("training.epochs=many", "many must be a whole number"),
        ("device.pin_memory=1", "true or false"),
    ],
)
def test_bad_overrides_are_explained(text: str, says: str) -> None:
    with pytest.raises(StickgenError, match=says):
        parse_override(text)


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("model:\n  nhead: 7\n", ("model.nhead", 6)),
        ("model:\n  nhead: 200\n", ("model.nhead", 192)),
        ("model:\n  d_model: 65\n  nhead: 5\n", ("model.d_model", 66)),
        ("training:\n  warmup_epochs: 90\n  epochs: 50\n", ("training.warmup_epochs", 5)),
        ("device:\n  type: cpu\n  pin_memory: true\n", ("device.pin_memory", False)),
    ],
)
def test_a_broken_rule_brings_the_edits_that_mend_it(text: str, edit: tuple[str, object]) -> None:
    document = Document.parse(text.encode())
    (problem,) = check(document)
    assert problem.edit == edit
    for _ in range(2):  # an odd width is fixed first, what it leaves second
        for found in check(document):
            assert found.edit is not None
            document.set(*found.edit)
    assert check(document) == []
