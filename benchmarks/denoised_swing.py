"""How much of a small, quick motion a trained denoiser sees at each diffusion time.

    python benchmarks/denoised_swing.py latest --data data/quickstart.pt --action clap --action wave --action walk

Real clips of one action are noised and denoised once, told their text. Of both hands, seen from the pelvis, what is slower
than three quarters of a second is taken away; the table shows the share of the rest that the prediction explains. The row
"as it is" takes the noised input for the prediction.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.generate.from_run import Generator
from stickgen.model.noise import correlated
from stickgen.model.words import TextBatch
from stickgen.motion.skeleton import LEFT_HAND, PELVIS, RIGHT_HAND
from stickgen.runs.store import find_run
from stickgen.train.batching.batches import collate
from stickgen.train.batching.clips import open_clips

TIMES = (0.95, 0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1)
CLIPS = 24  # of each action
REACH = 9  # frames before and after, over which the slow motion is averaged


def swing(motion: Tensor) -> Tensor:
    """The quick motion of both hands about the pelvis, [t, 20] → [4, t]."""
    joints = motion.unflatten(-1, (-1, 2))
    hands = torch.cat([joints[:, hand] - joints[:, PELVIS] for hand in (LEFT_HAND, RIGHT_HAND)], dim=-1).T
    padded = F.pad(hands[:, None], (REACH, REACH), mode="replicate")
    return hands - F.avg_pool1d(padded, 2 * REACH + 1, 1)[:, 0]


def main() -> None:
    """Print a row for each action, and one for its noised input."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data", default="data/quickstart.pt")
    parser.add_argument("--action", action="append", required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = Generator.of_run(find_run(options.run, options.runs))
    model, normaliser = generator.model, generator.normaliser
    clips = open_clips(options.data, generator.config)
    file, most = clips.file, int(generator.config.data.max_frames)
    print(f"{'time':<20}" + "".join(f"{time:>7}" for time in TIMES))
    for name in options.action:
        action = file.action_names.index(name)
        own = [
            place
            for place, clip in enumerate(clips.train.clips)
            if set(file.actions(clip).tolist()) == {action} and file.lengths[clip] <= most
        ][:CLIPS]
        seen: dict[str, list[float]] = {"": [], " as it is": []}
        for time in TIMES:
            shares: dict[str, list[float]] = {"": [], " as it is": []}
            for place in own:
                batch = collate([clips.train[place]], most)
                motion = batch.motion[:, : int(batch.mask.sum())]
                clean = normaliser.encode(motion)
                white = torch.randn(clean.shape, generator=torch.Generator().manual_seed(place))
                noised = (1 - time) * clean + time * correlated(white, model.config.noise_correlation)
                texts = normaliser.encode_texts(TextBatch(batch.text, batch.words, batch.words_mask))
                with torch.no_grad():
                    told = torch.ones(1, dtype=torch.bool)
                    found = model(noised, None, texts, told, time=torch.tensor([time])).pose
                real = swing(motion[0])
                for kind, features in (("", found), (" as it is", noised / (1 - time))):
                    error = swing(normaliser.decode(features)[0]) - real
                    shares[kind].append(1 - float(error.square().sum() / real.square().sum()))
            for kind, values in shares.items():
                seen[kind].append(statistics.fmean(values))
        for kind, row in seen.items():
            print(f"{name + kind:<20}" + "".join(f"{value:>7.2f}" for value in row), flush=True)


if __name__ == "__main__":
    main()
