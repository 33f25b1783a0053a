"""A default that improves changes no run that was started before it."""

from __future__ import annotations

from pathlib import Path

from stickgen.config import TrainingConfig
from stickgen.config.key import DEFAULTS
from stickgen.config.schema import KEYS
from stickgen.runs.store import create_run


def test_a_config_that_is_read_with_the_first_defaults_means_what_it_did() -> None:
    first = TrainingConfig.from_bytes(b"model:\n  d_model: 64\n  nhead: 4\n", defaults=1)
    now = TrainingConfig.from_bytes(b"model:\n  d_model: 64\n  nhead: 4\n")
    assert (first.model.patch_frames, first.model.text_tokens) == (1, False)
    assert (now.model.patch_frames, now.model.text_tokens) == (4, True)
    assert first.model.d_model == now.model.d_model == 64


def test_runs_from_before_the_clip_was_told_its_frames_train_as_they_did() -> None:
    before = TrainingConfig.from_bytes(b"model:\n  d_model: 96\n", defaults=3)
    diffusion = before.diffusion
    assert (diffusion.time_shift, diffusion.relative_loss, diffusion.physics_fade) == (1.0, 0.0, 0.0)
    assert not diffusion.smoothing and not before.model.clip_timing and before.model.patch_frames == 4


def test_runs_from_before_noise_was_correlated_train_and_draw_as_they_did() -> None:
    before = TrainingConfig.from_bytes(b"model:\n  d_model: 96\n", defaults=4)
    assert before.diffusion.smoothing and not before.diffusion.cleanup
    assert (before.diffusion.time_shift, before.diffusion.noise_correlation) == (2.0, 0.0)


def test_what_a_file_says_wins_over_every_set_of_defaults() -> None:
    said = TrainingConfig.from_bytes(b"model:\n  patch_frames: 2\n", defaults=1)
    assert said.model.patch_frames == 2


def test_earlier_defaults_are_values_that_their_keys_allow() -> None:
    for key in KEYS:
        assert key.default_in(DEFAULTS) == key.default
        assert key.check(key.default_in(1)) == key.default_in(1)


def test_a_run_notes_its_defaults_and_one_that_notes_none_has_the_first(tmp_path: Path) -> None:
    config = TrainingConfig.from_bytes(b"training:\n  epochs: 3\n", "mine.yaml")
    run = create_run(config, root=tmp_path, name="new")
    assert run.config().model.patch_frames == 4
    text = (run.path / "run.json").read_text()
    assert f'"defaults": {DEFAULTS}' in text
    (run.path / "run.json").write_text(text.replace(f'"defaults": {DEFAULTS}', '"elders": 0'))
    assert run.config().model.patch_frames == 1
