"""A checkpoint is whole or it is not taken: damage is seen, named, and the one before it serves."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import psutil
import pytest
import torch

from stickgen.errors import StickgenError
from stickgen.model.bones import UNLIMITED
from stickgen.model.normalise import Normaliser
from stickgen.runs.checkpoint_folders import checkpoint_folders
from stickgen.train.checkpoints import checkpoint as checkpoints
from stickgen.train.checkpoints.checkpoint import (
    load_module,
    load_optimizer,
    newest_checkpoint,
    optimizer_tensors,
    prune_checkpoints,
    save_checkpoint,
    verify_checkpoint,
)

torch.set_num_threads(1)


def save(directory: Path, step: int, fill: float = 1.0) -> Path:
    tensors = {"model": {"w": torch.full((64, 64), fill)}, "ema": {"w": torch.zeros(3)}}
    return save_checkpoint(directory, tensors=tensors, trainer={"step": step}, config_bytes=b"a: 1\n").path


def test_saved_is_verified_and_newest_is_taken(tmp_path: Path) -> None:
    save(tmp_path, 1)
    save(tmp_path, 20)
    newest, skipped = newest_checkpoint(tmp_path)
    assert newest is not None
    assert newest.step == 20
    assert skipped == []


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9999])
def test_a_cut_file_is_skipped_and_named(tmp_path: Path, share: float) -> None:
    save(tmp_path, 1)
    file = save(tmp_path, 2) / "model.safetensors"
    os.truncate(file, int(file.stat().st_size * share))
    newest, skipped = newest_checkpoint(tmp_path)
    assert newest is not None
    assert newest.step == 1
    assert "model.safetensors" in skipped[0]


@pytest.mark.parametrize("name", ["model.safetensors", "ema.safetensors", "trainer.json", "MANIFEST.json"])
def test_one_flipped_bit_is_seen(tmp_path: Path, name: str) -> None:
    file = save(tmp_path, 3) / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x10
    file.write_bytes(data)
    with pytest.raises(StickgenError):
        verify_checkpoint(file.parent)


def test_a_crashed_save_is_not_a_checkpoint(tmp_path: Path) -> None:
    whole = save(tmp_path, 5)
    (tmp_path / "step_00000009").mkdir()  # no manifest
    newest, skipped = newest_checkpoint(tmp_path)
    assert newest is not None
    assert newest.path == whole
    assert len(skipped) == 1


def test_failing_disk_leaves_the_old_and_no_leftover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = save(tmp_path, 5)

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path, 6)
    assert list(tmp_path.iterdir()) == [whole]
    verify_checkpoint(whole)


def test_pruning_keeps_the_last_two_and_the_best(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4, 5):
        save(tmp_path, step)
    (tmp_path / ".step_00000006.1.tmp").mkdir()
    prune_checkpoints(tmp_path, newest=verify_checkpoint(tmp_path / "step_00000005"), best_step=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step_00000002", "step_00000004", "step_00000005"]


def test_a_checkpoint_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    model = torch.nn.Linear(4, 4)
    path = save_checkpoint(
        tmp_path, tensors={"model": model.state_dict()}, trainer={"step": 1}, config_bytes=b""
    ).path
    with pytest.raises(StickgenError, match=r"bias is \(4,\) there and \(8,\)"):
        load_module(torch.nn.Linear(4, 8), verify_checkpoint(path), "model")


def test_what_an_older_version_did_not_save_is_as_its_model_had_it(tmp_path: Path) -> None:
    """Resumed, its model reads texts and motions as before, not by what is fitted to the data today."""
    fitted = Normaliser(4)
    fitted.fit([torch.randn(30, 20)], torch.randn(9, 4), torch.randn(9, 4))
    fitted.text_map.mul_(2)
    older = {name: value for name, value in fitted.state_dict().items() if name not in fitted.added_later()}
    tensors = {"model": {"w": torch.zeros(1)}, "normaliser": older}
    path = save_checkpoint(tmp_path, tensors=tensors, trainer={"step": 1}, config_bytes=b"").path
    load_module(fitted, verify_checkpoint(path), "normaliser")
    assert not fitted.knows_words and not fitted.arm_shares.any()
    assert torch.equal(fitted.text_map, torch.eye(4)) and fitted.bone_limits.eq(UNLIMITED).all()
    assert torch.equal(fitted.mean, older["mean"])


def test_optimizer_moments_come_back(tmp_path: Path) -> None:
    """A step after restoring equals the step that would have followed."""

    def build() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 4)
        return model, torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)

    def move(model: torch.nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
        model(torch.randn(2, 4, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    straight, optimizer = build()
    move(straight, optimizer, 1)
    saved = save_checkpoint(
        tmp_path,
        tensors={"model": straight.state_dict(), "optimizer": optimizer_tensors(straight, optimizer)},
        trainer={"step": 1},
        config_bytes=b"",
    )
    move(straight, optimizer, 2)

    resumed, second = build()
    load_module(resumed, saved, "model")
    load_optimizer(resumed, second, saved)
    move(resumed, second, 2)
    for a, b in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_kill_while_a_step_is_saved_anew_leaves_one_of_the_two(tmp_path: Path) -> None:
    path = save(tmp_path, 5)
    path.rename(tmp_path / "step_00000005.old")  # as far as it came
    newest, skipped = newest_checkpoint(tmp_path)
    assert newest is not None and (newest.step, skipped) == (5, [])
    again = verify_checkpoint(save(tmp_path, 5))
    newest, _ = newest_checkpoint(tmp_path)
    assert newest is not None and newest.path == again.path
    prune_checkpoints(tmp_path, newest=again, best_step=None)
    assert list(tmp_path.iterdir()) == [again.path]


def test_pruning_counts_no_cut_checkpoint_among_those_it_keeps(tmp_path: Path) -> None:
    paths = [save(tmp_path, step) for step in (1, 2, 3)]
    os.truncate(paths[1] / "model.safetensors", 100)
    prune_checkpoints(tmp_path, newest=verify_checkpoint(paths[2]), best_step=None)
    assert sorted(tmp_path.iterdir()) == [paths[0], paths[2]]


def remake(path: Path, name: str, start: bytes, zeros: int) -> None:
    """Replace a file of a checkpoint by what a stranger may send, its manifest in order."""
    with (path / name).open("wb") as file:
        file.write(start)
        file.truncate(len(start) + zeros)
    digest = hashlib.sha256(start)
    if zeros < 2**30:  # of more, nobody gets as far as the digest
        digest.update(bytes(zeros))
    manifest = json.loads((path / "MANIFEST.json").read_bytes())
    manifest[name] = {"bytes": len(start) + zeros, "sha256": digest.hexdigest()}
    (path / "MANIFEST.json").write_text(json.dumps(manifest))


def header(shape: list[int], end: int) -> bytes:
    text = json.dumps({"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, end]}}).encode()
    return len(text).to_bytes(8, "little") + text


MIB = 2**20
STRANGE = {
    "a view of a trillion": ("model.safetensors", header([10**12], 4 * 10**12), 64, "cannot be read"),
    "a sparse trillion": ("model.safetensors", header([10**12], 4 * 10**12), 4 * 10**12, "no checkpoint of"),
    "a shape beyond its bytes": ("model.safetensors", header([10**12], 4), 4, "cannot be read"),
    "an endless header": ("model.safetensors", (2**62).to_bytes(8, "little") + b"{}", 0, "no checkpoint of"),
    "a long header": ("model.safetensors", (2**25).to_bytes(8, "little"), 2**25, "no checkpoint of"),
    "another shape": ("model.safetensors", header([4 * MIB], 16 * MIB), 16 * MIB, r"w is \(4194304,\) there"),
    "long numbers": ("trainer.json", b" ", 16 * MIB, "no checkpoint of stickgen has"),
    "deep numbers": ("trainer.json", b"[" * 500_000, 0, "not a whole checkpoint"),
    "a text for a number": (
        "trainer.json",
        b'{"format": "stickgen-checkpoint-1", "step": "x"}',
        0,
        "not a ch",
    ),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_strangers_sizes_are_refused_before_memory_is_taken(tmp_path: Path, what: str) -> None:
    name, start, zeros, says = STRANGE[what]
    path = save(tmp_path, 1)
    remake(path, name, start, zeros)
    module = torch.nn.Module()
    module.w = torch.nn.Parameter(torch.zeros(64, 64))
    before = psutil.Process().memory_info().rss
    with pytest.raises(StickgenError, match=says):
        load_module(module, verify_checkpoint(path), "model")
    assert psutil.Process().memory_info().rss - before < 8 * MIB


def test_a_manifest_that_leaves_out_the_weights_is_none(tmp_path: Path) -> None:
    path = save(tmp_path, 1)
    (path / "MANIFEST.json").write_text("{}")
    with pytest.raises(StickgenError, match=r"does not list config.yaml, model.safetensors, trainer.json"):
        verify_checkpoint(path)


@pytest.mark.parametrize(
    ("name", "shape"), [("exp_avg/weight", (4, 5)), ("exp_avg/other", (4, 4)), ("odd/weight", (4, 4)),
                        ("step/weight", (4, 4))],
)  # fmt: skip
def test_moments_that_do_not_fit_are_refused_by_name(
    tmp_path: Path, name: str, shape: tuple[int, ...]
) -> None:
    model = torch.nn.Linear(4, 4)
    saved = save_checkpoint(
        tmp_path,
        tensors={"model": model.state_dict(), "optimizer": {name: torch.zeros(shape)}},
        trainer={"step": 1},
        config_bytes=b"",
    )
    with pytest.raises(StickgenError, match=name):
        load_optimizer(model, torch.optim.AdamW(model.parameters()), saved)


COPIES = ["step_best_keep", "step_00000003.bak", "step_00000003 (copy)", "step_3", "step_00000009", "step_"]


@pytest.mark.parametrize("name", COPIES)
def test_a_persons_copy_is_never_taken_pruned_or_counted(tmp_path: Path, name: str) -> None:
    save(tmp_path, 2)
    shutil.copytree(save(tmp_path, 3), tmp_path / name)
    newest = verify_checkpoint(save(tmp_path, 5))
    assert [path.name for path in checkpoint_folders(tmp_path)] == [f"step_{n:08d}" for n in (2, 3, 5)]
    prune_checkpoints(tmp_path, newest=newest, best_step=None)
    assert (tmp_path / name / "model.safetensors").is_file()
    assert [path.name for path in checkpoint_folders(tmp_path)] == ["step_00000003", "step_00000005"]
    found, skipped = newest_checkpoint(tmp_path)
    assert found is not None and (found.step, skipped) == (5, [])


def test_a_save_moves_a_persons_copy_out_of_its_way_and_keeps_it(tmp_path: Path) -> None:
    shutil.copytree(save(tmp_path, 3), tmp_path / "step_00000005")
    assert verify_checkpoint(save(tmp_path, 5)).step == 5
    assert verify_checkpoint(tmp_path / "not-ours-1").step == 3


def test_a_checkpoint_behind_a_link_is_none(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    save(here, 3)
    (here / "step_00000007").symlink_to(save(there, 7))
    found, _ = newest_checkpoint(here)
    assert found is not None and found.step == 3
    prune_checkpoints(here, newest=found, best_step=None)
    assert (there / "step_00000007" / "model.safetensors").is_file()
    tmp_path.joinpath("linked").symlink_to(here)
    assert newest_checkpoint(tmp_path / "linked") == (None, [])


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_file_of_a_checkpoint_that_is_no_file_is_named_and_not_opened(tmp_path: Path, kind: str) -> None:
    file = save(tmp_path, 3) / "model.safetensors"
    kept = file.rename(tmp_path / "kept")
    if kind == "link":
        file.symlink_to(kept)
    else:
        os.mkfifo(file)
    assert newest_checkpoint(tmp_path)[0] is None
