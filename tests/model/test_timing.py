"""Tokens know where in their clip they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from test_transformer import awake, batch, shape

from stickgen.data.clip import Clip
from stickgen.data.dataset import DatasetFile, MotionDataset, pack
from stickgen.data.split import TRAIN
from stickgen.model.normalise import Normaliser
from stickgen.model.objective import Draw, predict
from stickgen.model.timing import FARTHEST, place_in_clip
from stickgen.model.transformer import MotionTransformer


def predicted(spans: torch.Tensor | None, *, clip_timing: bool = True) -> torch.Tensor:
    model = awake(MotionTransformer(shape(patch_frames=4, clip_timing=clip_timing)))
    one = replace(batch(), spans=spans)
    normaliser = Normaliser(8)
    with torch.no_grad():
        found = predict(model, normaliser, normaliser.encode(one.motion), one, Draw.fixed(one, seed=3))
    return found[0].pose


def test_a_window_without_a_place_is_taken_for_a_whole_clip() -> None:
    whole = torch.tensor([[0, 12]]).expand(3, 2)
    assert torch.equal(predicted(None), predicted(whole))


def test_where_a_window_begins_and_how_long_its_clip_is_both_count() -> None:
    whole = predicted(torch.tensor([[0, 12]]).expand(3, 2))
    assert not torch.allclose(whole, predicted(torch.tensor([[0, 40]]).expand(3, 2)))
    assert not torch.allclose(
        predicted(torch.tensor([[0, 40]]).expand(3, 2)), predicted(torch.tensor([[28, 40]]).expand(3, 2))
    )


def test_a_model_from_before_is_told_nothing() -> None:
    assert torch.equal(
        predicted(None, clip_timing=False),
        predicted(torch.tensor([[5, 40]]).expand(3, 2), clip_timing=False),
    )
    assert MotionTransformer(shape(denoising=False)).timing is None


def test_every_place_differs_until_it_is_too_far_away_to_tell() -> None:
    frames = torch.arange(0.0, FARTHEST, 5.0)
    places = place_in_clip(frames, frames.flip(0))
    apart = torch.cdist(places, places) + torch.eye(len(places)) * 9
    assert float(apart.min()) > 0.1
    far = place_in_clip(torch.tensor([FARTHEST, 3 * FARTHEST]), torch.tensor([9.0, 9.0]))
    assert torch.equal(far[0], far[1])


def test_a_window_says_which_frames_of_its_clip_it_shows() -> None:
    frames = 300
    motion = np.zeros((frames, 20), np.float32)
    motion[:, 1] = np.arange(frames)  # the height of the head is the number of the frame
    clip = Clip(motion, ["a text"], np.zeros(frames, np.int16), "made", "MIT", "one")
    content = pack([clip]) | {"embeddings": torch.zeros(1, 8)}
    dataset = MotionDataset(
        DatasetFile(Path("none"), content), TRAIN, max_frames=100, val_fraction=0.0, seed=0
    )
    starts = set()
    for epoch in range(8):
        dataset.set_epoch(epoch)
        item = dataset[0]
        start, total = item["span"].tolist()
        assert total == frames and len(item["motion"]) == 100
        assert item["motion"][:, 1].tolist() == list(range(start, start + 100))
        starts.add(start)
    assert len(starts) > 4
