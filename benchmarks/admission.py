"""The test of the evaluation's figures, in full: nine damages in three strengths under each figure, as a table.

    python benchmarks/admission.py data/quickstart.pt --frames 100

Trains the evaluator of the dataset if the cache has none. The table is Markdown, one row a damage and strength; a
figure's claims stand in bold, and one that fails is named below.
"""

from __future__ import annotations

import argparse

from stickgen.cli.progress import shown_progress
from stickgen.data.dataset import open_dataset
from stickgen.evaluate.admission import admit
from stickgen.evaluate.comparison import shown
from stickgen.evaluate.damage import DAMAGES
from stickgen.evaluate.evaluator import load_or_train
from stickgen.evaluate.figures import FIGURE, FIGURES


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset")
    parser.add_argument("--frames", type=int, default=100, help="the window, as data.max_frames")
    parser.add_argument("--val-fraction", type=float, default=0.1)
    options = parser.parse_args()
    judge = load_or_train(
        open_dataset(options.dataset),
        frames=options.frames,
        val_fraction=options.val_fraction,
        clips=256,
        stage=shown_progress,
    )
    admission = admit(judge, shown_progress)
    figures = [figure for figure in FIGURES if figure.key in admission.real]
    print(
        f"{options.dataset}: {len(judge.prompts)} held-out clips of {options.frames} frames or less, "
        f"{len(judge.split.train)} to learn from; pools of {judge.pools.size if judge.pools else 0}; evaluator "
        f"{judge.digest[:16]}\n"
    )
    print("| | " + " | ".join(figure.name for figure in figures) + " |")
    print("|---" * (len(figures) + 1) + "|")
    print("| real | " + " | ".join(shown(figure, admission.real[figure.key]) for figure in figures) + " |")
    for damage in DAMAGES:
        for level, values in zip(damage.levels, admission.damaged[damage.name], strict=True):
            cells = []
            for figure in figures:
                cell = shown(figure, values[figure.key])
                cells.append(f"**{cell}**" if damage.name in figure.sees else cell)
            print(f"| {damage.name} {level:.2g} | " + " | ".join(cells) + " |")
    print()
    for key, why in admission.refused.items():
        print(f"refused: {FIGURE[key].name}: {why}")
    if not admission.refused:
        print("every figure sees what it claims to see")


if __name__ == "__main__":
    main()
