"""Curation sees what is wrong with a clip, keeps mirror images together, and counts everything that it leaves out."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor

from stickgen.cli.data import command
from stickgen.curating.quality import FAULTS, Limits, fault_of, measure, quality
from stickgen.curating.selecting import NEAR, NO_LABEL, OFTEN, POOR, SAYS_NOTHING, TOO_MUCH, Wanted, select
from stickgen.data.clip import Clip
from stickgen.data.dataset import DatasetFile, open_dataset, pack, save_dataset
from stickgen.data.mirroring import MARK, with_mirrors
from stickgen.data.split import VALIDATION
from stickgen.data.synthetic import synthesize
from stickgen.errors import StickgenError
from stickgen.evaluate.damage import DAMAGES
from stickgen.importing.clips import import_archives

DAMAGE = {damage.name: damage for damage in DAMAGES}


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    made = list(synthesize(24, 3, ["walk", "wave", "bow"], mirror=False))
    return [replace(clip, name=str(number), source=f"lab {number % 2}") for number, clip in enumerate(made)]


def packed(clips: list[Clip], **columns: Tensor) -> DatasetFile:
    content = {**pack(clips), **columns}
    content["embeddings"] = torch.rand(len(content["texts"]), 4, generator=torch.Generator().manual_seed(0))
    return DatasetFile(Path("made.pt"), content)


def saved(path: Path, clips: list[Clip], **columns: Tensor) -> Path:
    save_dataset(path, packed(clips, **columns).content)
    return path


def harmed(name: str, level: float) -> Callable[[Tensor], Tensor]:
    return lambda motion: DAMAGE[name].how([motion], level)[0]


def leaping(motion: Tensor) -> Tensor:
    leapt = motion.clone()
    leapt[len(motion) // 2 :, 0::2] += 1.5
    return leapt


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (lambda motion: motion * 100, "another unit or size"),
        (leaping, "leaps between frames"),
        (lambda motion: motion[:20], "too short"),
        (harmed("freeze", 1.0), "stands still"),
        (harmed("jitter", 0.03), "trembles (jerk)"),
        (harmed("sliding feet", 0.6), "feet slide"),
        (harmed("sunk floor", 0.05), "sinks into the floor"),
        (lambda motion: stretched(motion), "bones too long"),
    ],
)
def test_each_fault_is_seen(clips: list[Clip], harm: Callable[[Tensor], Tensor], fault: str) -> None:
    motion = torch.from_numpy(next(clip for clip in clips if len(clip.motion) > 50).motion)
    limits = Limits()
    assert fault_of(measure(motion), limits) is None
    assert fault_of(measure(harm(motion)), limits) == fault
    assert fault in {one.name for one in FAULTS}
    assert quality(measure(harm(motion)), limits) <= quality(measure(motion), limits) or fault in (
        "another unit or size", "leaps between frames", "too short",
    )  # fmt: skip


def stretched(motion: Tensor) -> Tensor:
    """A forearm grows to three times its length."""
    joints = motion.unflatten(-1, (-1, 2)).clone()
    joints[:, 4] += 2 * (joints[:, 4] - joints[:, 2])
    flat: Tensor = joints.flatten(-2)
    return flat


def test_sound_motion_is_pretrained_on(clips: list[Clip]) -> None:
    found = select(packed(clips), Wanted(near=0.0))
    assert found.dropped == {}
    assert found.pretrain == list(range(24))


def test_shifted_and_cut_copies_are_the_same_motion_again(clips: list[Clip]) -> None:
    first = next(clip for clip in clips if len(clip.motion) > 60)
    n = len(first.motion)
    copies = [
        replace(first, motion=first.motion[k:m] + np.tile([x, 0], 10).astype(np.float32), actions=first.actions[k:m], name=name)
        for name, k, m, x in (("late", n // 12, n, 3.0), ("early", 0, n - n // 12, 0.0), ("middle", n // 4, 3 * n // 4, -1.0))
    ]  # fmt: skip
    others = [clip for clip in clips if clip is not first][:6]
    file = packed([*copies, first, *others])
    found = select(file, Wanted())
    assert {file.content["name"][clip] for clip, why in found.dropped.items() if why == NEAR} == {
        "late",
        "early",
        "middle",
    }
    assert not select(file, Wanted(near=0.0)).dropped


@pytest.mark.real_data
def test_one_take_in_two_formats_is_the_same_motion_again(real_data: Path, tmp_path: Path) -> None:
    """Two trials that are there as BVH and as AMC; two takes of one movement are not the same."""
    bvh, amc = (zipfile.ZipFile(real_data / "motions" / f"{name}.zip") for name in ("cmu_bvh", "cmu_asfamc"))
    for archive, names in (
        (bvh, ("49/49_06.bvh", "02/02_01.bvh", "02/02_02.bvh")),
        (amc, ("49/49_06.amc", "49/49.asf")),
    ):
        for name in archive.namelist():
            if name.endswith(names):
                archive.extract(name, tmp_path / "raw")
    report = import_archives([tmp_path / "raw"], index=real_data / "index.csv")
    file = packed(report.clips)
    assert file.clips == 4
    found = select(file, Wanted())
    assert [file.content["name"][clip].rpartition(".")[0][-5:] for clip in found.dropped] == ["49_06"]


def test_a_clip_and_its_mirror_image_go_together(clips: list[Clip], tmp_path: Path) -> None:
    both = with_mirrors(clips[:8])
    both[3].motion = both[3].motion - np.tile([0, 0.2], 10).astype(np.float32)  # only the mirror image sinks
    path = saved(tmp_path / "d.pt", both)
    result = call("curate", path, "-o", tmp_path / "curated", "--near", "0")
    assert result.exit_code == 0, result.exception
    assert "2 sinks into the floor" in result.output
    for name in ("pretrain", "sft"):
        file = open_dataset(tmp_path / "curated" / f"{name}_data_embedded.pt")
        names = file.content["name"]
        assert {"1", f"1{MARK}"}.isdisjoint(names)
        for clip, other in enumerate(file.content["mirror_of"].tolist()):
            assert names[clip] == f"{names[other]}{MARK}" if other >= 0 else MARK not in names[clip]
        assert sum(MARK in name for name in names) == len(names) / 2


def test_what_one_holds_out_the_other_holds_out(clips: list[Clip], tmp_path: Path) -> None:
    path = saved(tmp_path / "d.pt", clips)
    assert call("curate", path, "-o", tmp_path, "--per-action", "5").exit_code == 0
    pretrain, sft = (open_dataset(tmp_path / f"{name}_data_embedded.pt") for name in ("pretrain", "sft"))
    whole = open_dataset(path)
    sides = dict(zip(whole.content["name"], whole.split(0.1), strict=True))
    assert VALIDATION in sides.values()
    for file in (pretrain, sft):
        assert file.content["split"].tolist() == [sides[name] for name in file.content["name"]]
        assert file.content["quality"].min() > 0
        for clip, name in enumerate(file.content["name"]):
            assert file.captions(clip) == whole.captions(whole.content["name"].index(name))
    assert set(sft.content["name"]) < set(pretrain.content["name"])


def test_refined_on_are_labelled_good_and_balanced_clips(clips: list[Clip]) -> None:
    made = [replace(clip) for clip in clips]
    made[0].actions = np.full_like(made[0].actions, -1)
    made[2].texts = ["02 01"]
    noise = torch.from_numpy(made[3].motion)
    made[3].motion = harmed("jitter", 0.008)(noise).numpy()
    confidence = torch.ones(24)
    confidence[1] = 0.3
    file = packed(made, label_confidence=confidence)
    found = select(file, Wanted(near=0.0, per_action=3))
    assert found.dropped == {2: SAYS_NOTHING}
    assert found.not_sft[0] == found.not_sft[1] == NO_LABEL
    assert found.not_sft[3] == POOR
    labels = [int(file.actions(clip).mode().values) for clip in found.sft]
    assert max(labels.count(label) for label in labels) == 3
    assert list(found.not_sft.values()).count(OFTEN) == 24 - 4 - len(found.sft)
    sources = {file.content["source"][clip] for clip in found.sft}
    assert sources == {"lab 0", "lab 1"}
    assert sorted([*found.sft, *found.not_sft, *found.dropped]) == list(range(24))


def test_a_source_may_be_held_to_its_share(clips: list[Clip]) -> None:
    made = [replace(clip, source="big" if number < 20 else "small") for number, clip in enumerate(clips)]
    found = select(packed(made), Wanted(near=0.0, source_share=0.5))
    assert len(found.pretrain) == 8
    assert list(found.dropped.values()) == [TOO_MUCH] * 16
    worst = max(found.quality[clip] for clip in found.dropped)
    assert worst <= min(found.quality[clip] for clip in found.pretrain if clip < 20)


def test_the_report_is_one_file_and_shows_clips(clips: list[Clip], tmp_path: Path) -> None:
    made = [replace(clip, texts=["<script>alert(1)</script> walks"]) for clip in clips[:6]]
    made[1].motion = made[1].motion[:20]
    made[1].actions = made[1].actions[:20]
    path, page = saved(tmp_path / "d.pt", made), tmp_path / "page.html"
    result = call("curate", path, "-o", tmp_path, "--near", "0", "--report", page)
    assert result.exit_code == 0, result.exception
    text = page.read_text()
    assert "<script" not in text and "http" not in text and "&lt;script&gt;" in text
    assert "Left out: too short" in text
    assert text.count("<svg") >= 6
    assert "1 too short" in result.output
    again = call("curate", path, "-o", tmp_path, "--near", "0", "--report", page)
    assert isinstance(again.exception, StickgenError) and "--force" in str(again.exception)
    assert call("curate", path, "-o", tmp_path, "--near", "0", "--report", page, "--force").exit_code == 0


def test_what_cannot_be_curated_is_said(clips: list[Clip], tmp_path: Path) -> None:
    save_dataset(tmp_path / "d.pt", pack(clips[:2]))
    result = call("curate", tmp_path / "d.pt", "-o", tmp_path / "curated")
    assert isinstance(result.exception, StickgenError) and "stickgen data embed" in str(result.exception)
    path = saved(tmp_path / "e.pt", [replace(clip, motion=clip.motion * 50) for clip in clips[:2]])
    result = call("curate", path, "-o", tmp_path / "curated")
    assert isinstance(result.exception, StickgenError) and "no clip is left" in str(result.exception)
    assert "2 another unit or size" in result.output
    unlabelled = [replace(clip, actions=np.full_like(clip.actions, -1)) for clip in clips[:4]]
    result = call("curate", saved(tmp_path / "f.pt", unlabelled), "-o", tmp_path / "curated")
    assert result.exit_code == 0
    assert "stickgen data label" in result.output
    assert not (tmp_path / "curated" / "sft_data_embedded.pt").exists()


def test_shares_outside_0_to_1_are_refused(clips: list[Clip], tmp_path: Path) -> None:
    for name in ("quality", "label_confidence"):
        with pytest.raises(StickgenError, match=f"`{name}` has a value that is not from 0 to 1"):
            saved(tmp_path / "d.pt", clips[:2], **{name: torch.tensor([0.5, 1.5])})
