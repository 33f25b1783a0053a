"""Are the rules of contrast accuracy right? On motion whose captions state the side they must see it.

    python benchmarks/contrast_rules.py [--clips 12000] [--seed 77] [--data data/mine.pt] [--lengths]

Prints the agreement of each rule, by axis and by action, on synthetic clips or those of a dataset.
`--lengths` prints the median frames of each action, by count where a count is told: the table in
`stickgen/evaluate/contrast_wordings.py`.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from stickgen.data.actions import ACTIONS
from stickgen.data.clip import Clip
from stickgen.data.dataset import open_dataset
from stickgen.data.synthetic import synthesize
from stickgen.evaluate.binomial import wilson
from stickgen.evaluate.contrast import ContrastResult
from stickgen.evaluate.stated import stated
from stickgen.evaluate.truth import on_captioned


def clips_of(path: Path) -> list[Clip]:
    """The clips of a dataset file."""
    file = open_dataset(path)
    content = file.content
    return [
        Clip(file.motion(clip).numpy(), file.captions(clip), file.actions(clip).numpy(), content["source"][clip],
             content["licence"][clip], content["name"][clip])
        for clip in range(file.clips)
    ]  # fmt: skip


def print_agreement(result: ContrastResult) -> None:
    """The table, one line an axis and one each of its actions."""
    print(f"{'axis':12}{'action':16}{'right':>7}{'of':>7}{'share':>8}   95 %")
    for row in result.rows:
        print(f"{row.name:12}{'':16}{row.right:7}{row.n:7}{row.share:8.3f}   {row.low:.3f} to {row.high:.3f}")
        right: dict[str, list[bool]] = defaultdict(list)
        for decision in result.decisions:
            if decision.axis == row.name:
                right[decision.action].append(decision.right)
        for action, found in sorted(right.items()):
            low, high = wilson(sum(found), len(found))
            share = sum(found) / len(found)
            print(f"{'':12}{action:16}{sum(found):7}{len(found):7}{share:8.3f}   {low:.3f} to {high:.3f}")


def print_lengths(clips: Iterable[Clip]) -> None:
    """Median frames of the clips of one action, and of each count."""
    frames: dict[tuple[str, str], list[int]] = defaultdict(list)
    for clip in clips:
        if len(set(clip.actions.tolist())) == 1:
            action = ACTIONS[int(clip.actions[0])].name
            frames[action, ""].append(len(clip.motion))
            counts = {stated("count", text) for text in clip.texts} - {None}
            if len(counts) == 1:
                frames[action, str(counts.pop())].append(len(clip.motion))
    for (action, count), found in sorted(frames.items()):
        print(f"{action:16}{count:3}{median(found):6.0f} frames, {len(found)} clips")


def main() -> None:
    """Parse, judge, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--data", type=Path, help="a dataset instead of synthetic clips")
    parser.add_argument("--lengths", action="store_true")
    options = parser.parse_args()
    clips = clips_of(options.data) if options.data else list(synthesize(options.clips, seed=options.seed))
    if options.lengths:
        print_lengths(clips)
    else:
        print_agreement(on_captioned(clips))


if __name__ == "__main__":
    main()
