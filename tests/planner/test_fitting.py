"""The search from the guide's tier on: what fits, what is chosen of it, and that it is said why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from laptop import GIB, LAPTOP

from stickgen.config.loading import TrainingConfig
from stickgen.datasets.facts import DatasetFacts
from stickgen.hardware.described import described
from stickgen.planner.advising.fitting import Fit, apply, fit
from stickgen.planner.estimate import estimate
from stickgen.yaml_edit import Document

# the guide's tiers: d_model, num_layers, batch_size, grad_accum_steps
GUIDE = {
    "cpu_8gb": (192, 4, 1, 64), "cpu_16gb": (256, 6, 2, 32), "cpu_32gb": (384, 8, 4, 16),
    "gpu_8gb": (384, 8, 16, 4), "gpu_16gb": (512, 10, 32, 2),
}  # fmt: skip


@pytest.mark.parametrize(
    ("ram", "vram", "tier"),
    [(8, None, "cpu_8gb"), (16, None, "cpu_16gb"), (32, None, "cpu_32gb"), (16, 8, "gpu_8gb"), (64, 16, "gpu_16gb")],
)  # fmt: skip
def test_the_guides_tiers_are_given_or_it_is_said_why_not(ram: float, vram: float | None, tier: str) -> None:
    fitting = fit(described(LAPTOP, ram_gib=ram, vram_gib=vram))
    assert fitting.recommendation.tier.name == tier
    config = TrainingConfig(fitting.recommendation.config_path)
    width, layers, batch, count = GUIDE[tier]
    assert (config.model.d_model, config.model.num_layers) == (width, layers)
    assert (config.training.batch_size, config.training.grad_accum_steps) == (batch, count)
    # the model is the guide's; a micro-batch that is not is named with the reason
    changed = dict(fitting.recommended.edits)
    assert not {path for path in changed if path.startswith("model.")}
    assert fitting.recommended.estimate.effective_batch == 64
    if changed:
        assert f"instead of the guide's {batch} × {count}" in fitting.reasons[0]
        assert "less time" in fitting.reasons[0]
    else:
        assert f"the guide's micro-batch of {batch} × {count} stays" in fitting.reasons[0]


@pytest.mark.parametrize("ram", [0.4, 1, 2, 4, 8, 16, 64])
@pytest.mark.parametrize("vram", [None, 8, 24])
def test_what_is_recommended_fits_with_the_headroom(ram: float, vram: float | None) -> None:
    machine = described(LAPTOP, ram_gib=ram, vram_gib=vram)
    fitting = fit(machine)
    total = vram if vram else ram
    assert fitting.limit_bytes == pytest.approx((1 - fitting.headroom) * total * GIB, rel=1e-6)
    for chosen in (fitting.recommended, fitting.largest):
        if ram >= 1 or vram:
            assert chosen.estimate.peak_memory.high <= fitting.limit_bytes
            assert chosen.estimate.verdict == "fits"
    if ram == 0.4 and not vram:
        assert "nothing fits" in fitting.reasons[0]
        assert fitting.recommended.batch_size == 1
    assert fitting.largest.estimate.parameters >= fitting.recommended.estimate.parameters


def test_the_largest_is_named_with_its_price() -> None:
    fitting = fit(described(LAPTOP, ram_gib=8))
    assert dict(fitting.largest.edits)["model.d_model"] == 512
    assert "44.3 M parameters" in fitting.reasons[-1] and "times as long" in fitting.reasons[-1]
    assert "no larger model" in fit(described(LAPTOP, vram_gib=24)).reasons[-1]


def test_where_the_guides_model_does_not_fit_a_smaller_one_is_taken() -> None:
    crowded = replace(LAPTOP, ram_total_bytes=32 * GIB, ram_available_bytes=int(0.65 * GIB))
    fitting = fit(crowded)
    assert fitting.recommendation.tier.name == "cpu_32gb"
    assert fitting.recommended.estimate.parameters < 20_000_000
    assert "does not fit" in fitting.reasons[0]


def test_the_edits_make_the_config_that_was_estimated() -> None:
    facts = DatasetFacts(2000, 1, 120.0, 250, 1800, 200, 1, 1, 384, "e", ("s",), ("l",), "f")
    fitting = fit(described(LAPTOP, ram_gib=8), facts)
    for chosen in (fitting.recommended, fitting.largest):
        document = Document.open(fitting.recommendation.config_path)
        apply(document, chosen, facts)
        config = TrainingConfig.from_bytes(document.data)
        assert (config.training.batch_size, config.training.grad_accum_steps) == (
            chosen.batch_size,
            chosen.grad_accum_steps,
        )
        assert config.model.embedding_dim == 384
    assert isinstance(fitting.recommended, Fit) and fitting.recommended.estimate.seconds_total is not None


def test_a_described_machine_is_what_was_said() -> None:
    assert described(LAPTOP) is LAPTOP
    small = described(LAPTOP, ram_gib=8, cores=4)
    assert small.ram_available_bytes == small.ram_usable_bytes == 8 * GIB
    assert small.cpu_speed is not None and small.cpu_speed.gflops_fp32 == 200
    assert described(LAPTOP, vram_gib=8).gpus[0].vram_total_bytes == 8 * GIB
    assert described(LAPTOP, vram_gib=0).gpus == ()
    config = TrainingConfig(None, {"device.type": "cpu"})
    slower = estimate(config, small).seconds_per_step.value
    assert slower > 1.3 * estimate(config, LAPTOP).seconds_per_step.value
