"""Is it the words or the motion that a model fails at? What a linear map reads from the embeddings of unseen wordings.

    python benchmarks/text_and_motion_probe.py --data data/quickstart.pt --frames 100

Prints the share of unseen wordings whose action, and of the contrast's wordings whose count, a linear classifier reads
that was fitted to the training captions alone; and for each action how much normalised motion varies in time.
"""

from __future__ import annotations

import argparse
import re

import torch
from torch import Tensor
from torch.nn import functional as F

from stickgen.config.loading import TrainingConfig
from stickgen.evaluate.contrast import AXES, groups_for
from stickgen.train.batching.clips import Clips, open_clips
from stickgen.train.measuring.quality import prepare

COUNTS = {
    "once": 0,
    "one": 0,
    "single": 0,
    "twice": 1,
    "two": 1,
    "2": 1,
    "three": 2,
    "3": 2,
    "four": 3,
    "4": 3,
}
COUNT = re.compile(rf"\b({'|'.join(COUNTS)})\b")
DECAY = 1e-3  # of the squared weights


def fitted(inputs: Tensor, classes: Tensor, count: int) -> Tensor:
    """The weights [width + 1, count] of a multinomial logistic regression."""
    weights = torch.zeros(inputs.shape[1] + 1, count, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=60)

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(F.pad(inputs, (0, 1), value=1.0) @ weights, classes)
        value = value + DECAY * weights[:-1].square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[arg-type]
    return weights.detach()


def read(inputs: Tensor, weights: Tensor) -> Tensor:
    """The likeliest class of each row."""
    return (F.pad(inputs, (0, 1), value=1.0) @ weights).argmax(1)


def only_action(clips: Clips, clip: int) -> int | None:
    """The action of a clip that shows a single one."""
    found = set(clips.file.actions(clip).tolist())
    return found.pop() if len(found) == 1 else None


def main() -> None:
    """Print the shares and the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", default="configs/quickstart.yaml")
    parser.add_argument("--data", default="data/quickstart.pt")
    parser.add_argument("--frames", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = TrainingConfig(options.config, {"device.type": "cpu", "data.max_frames": options.frames})
    clips = open_clips(options.data, config)
    file, normaliser = clips.file, clips.fit_normaliser()
    light, encoded = prepare(config, file, 200)
    embeddings = file.content["embeddings"].float()

    def standard(texts: Tensor) -> Tensor:
        return (texts - normaliser.text_mean) / normaliser.text_std

    pairs = [
        (text, action)
        for clip in clips.train.clips
        if (action := only_action(clips, clip)) is not None
        for text in file.texts(clip)
    ]
    actions = sorted({action for _, action in pairs})
    weights = fitted(
        standard(embeddings[[text for text, _ in pairs]]),
        torch.tensor([actions.index(action) for _, action in pairs]),
        len(actions),
    )
    asked = light.asked
    seen = read(standard(encoded.of([one.text for one in asked]).vectors), weights).tolist()
    right = [file.action_names[actions[n]] == one.action for n, one in zip(seen, asked, strict=True)]
    print(f"actions read from unseen wordings: {sum(right) / len(right):.2f} of {len(right)}")

    counted = [
        (text, COUNTS[found[1]])
        for text in sorted({text for text, _ in pairs})
        if (found := COUNT.search(file.content["texts"][text]))
    ]
    weights = fitted(
        standard(embeddings[[text for text, _ in counted]]), torch.tensor([n for _, n in counted]), 4
    )
    [axis] = [axis for axis in AXES if axis.name == "count"]
    groups = groups_for(axis, actions=light.actions, max_frames=options.frames, count=200)
    texts = [text for group in groups for text in group.texts]
    wanted = torch.tensor([int(side) - 1 for group in groups for side in group.sides])
    share = (read(standard(encoded.of(texts).vectors), weights) == wanted).float().mean()
    print(f"counts read from unseen wordings: {float(share):.2f} of {len(texts)}")

    varies: dict[str, list[float]] = {}
    for clip in clips.train.clips:
        if (action := only_action(clips, clip)) is not None:
            features = normaliser.encode(file.motion(clip)[None])[0]
            varies.setdefault(file.action_names[action], []).append(float(features.var(0).mean()))
    for name, values in sorted(varies.items(), key=lambda pair: -sum(pair[1]) / len(pair[1])):
        print(f"{name:<16}{sum(values) / len(values):8.3f}")


if __name__ == "__main__":
    main()
