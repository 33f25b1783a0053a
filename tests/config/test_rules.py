"""Rules between keys, and between a config and where it runs: each names the key and brings the edit that fixes it."""

from __future__ import annotations

import pytest

from stickgen.config.checking import check
from stickgen.config.key import Value
from stickgen.config.presets import TIERS, preset_names, preset_path
from stickgen.config.problem_codes import EXPLANATIONS, Code
from stickgen.config.rules import Site, broken_rules
from stickgen.config.settings import Settings
from stickgen.yaml_edit import Document

LAPTOP = Site(cuda=False, mps=False, cores=4, cpu_bf16=False, embedding_dim=384, clips=1000)
BOX = Site(cuda=True, mps=False, cores=16, cpu_bf16=False, cuda_bf16=True, embedding_dim=1024, clips=9000)

CASES: list[tuple[dict[str, object], Site | None, str, Code, tuple[str, object] | None]] = [
    ({"model.nhead": 7}, None, "error", Code.HEADS, ("model.nhead", 6)),
    ({"model.d_model": 60, "model.nhead": 12}, None, "error", Code.HEADS, ("model.nhead", 10)),
    ({"model.d_model": 65, "model.nhead": 5}, None, "error", Code.HEADS, ("model.d_model", 66)),
    ({"training.epochs": 10}, None, "warning", Code.LONG_WARMUP, ("training.warmup_epochs", 1)),
    ({"training.epochs": 5}, None, "warning", Code.LONG_WARMUP, ("training.warmup_epochs", 0)),
    ({"device.type": "cpu", "device.pin_memory": True}, None, "warning", Code.PIN_MEMORY, ("device.pin_memory", False)),
    ({"device.type": "cuda"}, LAPTOP, "error", Code.NO_SUCH_DEVICE, ("device.type", "auto")),
    ({"device.type": "mps"}, LAPTOP, "error", Code.NO_SUCH_DEVICE, ("device.type", "auto")),
    ({"device.pin_memory": True}, LAPTOP, "warning", Code.PIN_MEMORY, ("device.pin_memory", False)),
    ({"device.num_workers": 8}, LAPTOP, "warning", Code.TOO_MANY_WORKERS, ("device.num_workers", 0)),
    ({"device.num_workers": 32}, BOX, "warning", Code.TOO_MANY_WORKERS, ("device.num_workers", 16)),
    ({"device.num_workers": 2}, LAPTOP, "info", Code.WORKERS_ON_CPU, ("device.num_workers", 0)),
    ({"device.precision": "bf16"}, LAPTOP, "info", Code.SLOW_BF16, ("device.precision", "auto")),
    ({}, LAPTOP, "error", Code.EMBEDDING_WIDTH, ("model.embedding_dim", 384)),
    ({}, Site(clips=20), "warning", Code.FEW_CLIPS, ("training.grad_accum_steps", 10)),
    ({"training.batch_size": 64, "training.grad_accum_steps": 1}, Site(clips=20), "warning",
     Code.FEW_CLIPS, ("training.batch_size", 20)),
    ({"training.batch_size": 4}, None, "info", Code.EFFECTIVE_BATCH, ("training.grad_accum_steps", 16)),
    ({"training.batch_size": 5}, None, "info", Code.EFFECTIVE_BATCH, None),
    ({"logging.save_interval": 80, "logging.save_minutes": 0.0}, None, "warning", Code.NO_CHECKPOINT,
     ("logging.save_interval", 10)),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "where", "severity", "code", "edit"), CASES)
def test_a_broken_rule_says_what_and_brings_its_edit(
    changes: dict[str, object],
    where: Site | None,
    severity: str,
    code: Code,
    edit: tuple[str, object] | None,
) -> None:
    config = Settings().replace(changes)  # type: ignore[arg-type]
    (rule,) = [rule for rule in broken_rules(config, where) if rule.code == code]
    assert (rule.severity, rule.edit) == (severity, edit)
    if rule.edit is not None:
        fixed = config.replace([rule.edit])
        assert not [again for again in broken_rules(fixed, where) if again == rule]


def test_every_code_is_explained_in_order() -> None:
    assert list(EXPLANATIONS) == list(Code)
    for explained in EXPLANATIONS.values():
        assert all(text.endswith(".") for text in (explained.cause, explained.fix))


def test_what_is_not_known_is_not_asked_for() -> None:
    changes: dict[str, Value] = {
        "device.type": "cuda", "device.num_workers": 99, "device.precision": "bf16", "device.pin_memory": True,
    }  # fmt: skip
    config = Settings().replace(changes)
    assert broken_rules(config) == []
    assert broken_rules(config, Site()) == []


def test_the_tiers_hold_on_the_machines_they_are_for() -> None:
    for tier in TIERS:
        document = Document.open(preset_path(f"tiers/{tier.name}"))
        where = BOX if tier.min_vram_gib else Site(cuda=False, mps=False, cores=8, cpu_bf16=False)
        assert check(document, where, infos=True) == []


def test_infos_are_given_only_when_asked_for() -> None:
    document = Document.parse(b"training:\n  batch_size: 4\n")
    assert check(document) == []
    (info,) = check(document, infos=True)
    assert (info.severity, info.line, info.column) == (
        "info",
        2,
        15,
    )  # at the batch size: the other is not there


def test_presets_keep_the_usual_batch() -> None:
    for name in preset_names():
        assert check(Document.open(preset_path(name)), infos=True) == []
