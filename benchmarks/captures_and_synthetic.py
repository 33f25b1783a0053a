"""A dataset of captures and of synthetic motion together: what `small.yaml` is judged on in docs/evaluate.md.

    python benchmarks/captures_and_synthetic.py CAPTURES -n 3000 -o data/both.pt

CAPTURES is a folder with `index.csv` and `motions/*.zip`, as `stickgen data import` reads them. Mirrors are added to both.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from stickgen.data.dataset import pack, save_dataset
from stickgen.data.embed import embed, load_encoder
from stickgen.data.mirroring import with_mirrors
from stickgen.data.synthetic import synthesize
from stickgen.importing.clips import import_archives


def main() -> None:
    """Read, make, embed, save."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("captures", type=Path)
    parser.add_argument("-n", "--clips", type=int, default=3000, help="synthetic ones")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    report = import_archives(
        sorted((options.captures / "motions").glob("*.zip")), index=options.captures / "index.csv"
    )
    real = with_mirrors(report.clips)
    made = list(synthesize(options.clips, 0))
    file = save_dataset(options.output, embed(pack([*real, *made]), load_encoder("offline")))
    print(
        f"{file.path}: {len(real)} clips of captures, {len(made)} synthetic, {len(report.skipped)} files skipped"
    )


if __name__ == "__main__":
    main()
