"""What a curation took and left out, as a page with contact sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from stickgen import __version__
from stickgen.curating.gathering import actions_of, motion_of
from stickgen.curating.selecting import Selection, Wanted
from stickgen.data.dataset import UNLABELLED, DatasetFile
from stickgen.evaluate.page import page, safe, table
from stickgen.evaluate.sheets import sheet
from stickgen.motion.skeleton import FPS

SHOWN = 4  # clips of each kind
TITLE = "stickgen data curate"
_UNITS = {
    "seconds": "s", "still": "share of the frames", "jerk": "m/s³", "slide": "m/s", "depth": "cm", "stretch": "of a bone",
}  # fmt: skip


def html_page(file: DatasetFile, selection: Selection, wanted: Wanted, notes: Sequence[str]) -> str:
    """The page. All texts of the dataset are escaped."""
    return page(
        f"{TITLE}: {file.path.name}",
        [
            _counts(file, selection),
            "".join(f"<p>{safe(note)}</p>" for note in notes),
            "<h2>Why clips were left out</h2>",
            _reasons(file, selection),
            "<h2>Sources and actions</h2>",
            _balance(file, selection),
            "<h2>Limits</h2>",
            _limits(wanted),
            "<h2>Clips</h2>",
            _sheets(file, selection),
        ],
    )


def minutes(file: DatasetFile, clips: Sequence[int]) -> float:
    """How long clips are together."""
    lengths = file.lengths
    return sum(lengths[clip] for clip in clips) / FPS / 60


def _counts(file: DatasetFile, selection: Selection) -> str:
    rows = [
        [name, str(len(clips)), f"{minutes(file, clips):.1f}"]
        for name, clips in (
            ("the dataset", range(file.clips)),
            ("to pretrain on", selection.pretrain),
            ("to refine on (SFT)", selection.sft),
        )
    ]
    return (
        table(["", "clips", "minutes"], rows) + f"<p class=dim>{safe(file.path)}; stickgen {__version__}</p>"
    )


def _reasons(file: DatasetFile, selection: Selection) -> str:
    rows = []
    for what, dropped in (("from both", selection.dropped), ("from SFT only", selection.not_sft)):
        for why, count in Counter(dropped.values()).most_common():
            rows.append([safe(why), what, str(count), f"{count / file.clips:.1%}"])
    return table(["", "", "clips", ""], rows)


def _balance(file: DatasetFile, selection: Selection) -> str:
    names = file.action_names
    action = []
    for clip in range(file.clips):
        labels = Counter(actions_of(file, clip).tolist())
        labels.pop(UNLABELLED, 0)
        action.append(names[max(labels, key=lambda one: (labels[one], -one))] if labels else "(no action)")
    parts = []
    for title, values in (("source", file.content["source"]), ("action", action)):
        there, kept, best = (
            Counter(values[clip] for clip in clips)
            for clips in (range(file.clips), selection.pretrain, selection.sft)
        )
        rows = [[safe(value), str(n), str(kept[value]), str(best[value])] for value, n in there.most_common()]
        parts.append(table([title, "clips", "pretrain", "SFT"], rows))
    return "".join(parts)


def _limits(wanted: Wanted) -> str:
    rows = [[safe(name), f"{value:g} {_UNITS[name]}"] for name, value in asdict(wanted.limits).items()]
    return table(["", ""], rows)


def _sheets(file: DatasetFile, selection: Selection) -> str:
    """The best and the worst that are taken, then the first of each reason to leave one out."""
    ranked = sorted(selection.pretrain, key=lambda clip: -selection.quality[clip])
    groups = [
        ("The best", ranked[:SHOWN]),
        ("The worst that are pretrained on", ranked[-SHOWN:] if len(ranked) > SHOWN else []),
        (
            "The worst that are refined on",
            sorted(selection.sft, key=lambda clip: selection.quality[clip])[:SHOWN],
        ),
    ]
    for dropped in (selection.dropped, selection.not_sft):
        for why in dict.fromkeys(dropped.values()):
            groups.append((f"Left out: {why}", [clip for clip, own in dropped.items() if own == why][:SHOWN]))
    parts = []
    for title, clips in groups:
        if clips:
            parts.append(f"<h3>{safe(title)}</h3>")
        for clip in clips:
            found = selection.measures[clip]
            facts = (
                f"{file.content['name'][clip]}: quality {selection.quality[clip]:.2f}, {found.seconds:.1f} s, jerk "
                f"{found.jerk:.0f} m/s³, slide {found.slide:.2f} m/s, depth {found.depth:.1f} cm, stretch {found.stretch:.2f}"
            )
            parts.append(
                f'<div class="pair"><p><b>{safe(file.captions(clip)[0])}</b></p><p class=dim>{safe(facts)}</p>'
                f"{sheet(motion_of(file, clip))}</div>"
            )
    return "".join(parts)
