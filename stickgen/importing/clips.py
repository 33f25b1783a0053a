"""Imports clips from archives and folders of motion capture. Whatever cannot be used is listed with the reason."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from stickgen.data.actions import action_of_label
from stickgen.data.clip import Clip
from stickgen.data.split import SPLIT_NAMES
from stickgen.errors import StickgenError
from stickgen.importing.captions import captions_of
from stickgen.importing.capture import Keypoints
from stickgen.importing.clip_index import Index, Matching, Row
from stickgen.importing.format import Choices, Claim, Take, name_of
from stickgen.importing.frame_rate import LEAST, MOST, checked_rate
from stickgen.importing.journal import Journal
from stickgen.importing.known_sets import KnownSets
from stickgen.importing.labels import decide
from stickgen.importing.outcome import Outcome
from stickgen.importing.planar import planar_figure
from stickgen.importing.projection import Figure
from stickgen.importing.projection import figures as figures_of
from stickgen.importing.reading import outcomes
from stickgen.importing.registry import BY_NAME, FORMATS
from stickgen.importing.smpl import read_body_models
from stickgen.importing.sources import UNREADABLE, Account, Found, find_files, kind_of, leave_out
from stickgen.importing.views import of_a_video, read_views
from stickgen.motion.skeleton import FPS
from stickgen.text import clean

MIN_FRAMES = 8


@dataclass
class ImportReport:
    """What was imported, and what was not, with the reason."""

    clips: list[Clip] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    notes: list[str] = field(default_factory=list)  # what was bridged, dropped or changed in a clip
    rows_without_file: list[str] = field(default_factory=list)
    rows_elsewhere: dict[str, int] = field(
        default_factory=dict
    )  # rows that name an archive that was not given
    files_without_row: list[str] = field(default_factory=list)

    @property
    def skipped(self) -> list[str]:
        """A sentence for each skipped file that might have been a capture."""
        return self.account.skipped


def import_archives(
    paths: list[Path],
    *,
    index: Path | None = None,
    splits: Mapping[str, Path] | None = None,
    fps: float | None = None,
    view: str = "auto",
    joints: Mapping[str, str] | None = None,
    markers: Mapping[str, str] | None = None,
    body: str = "standard",
    body_model: Path | None = None,
    confidence: float | None = None,
    aspect: float | None = None,
    jobs: int | None = None,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Read every motion in zip archives, folders and files, in any of the formats of the registry.

    `index` is a table with the `file` of each clip and, as far as known, its `archive`, `description`, `captions`
    (separated by |), `action`, `style`, `fps`, `subject`, `split`, `view`, `licence` and `source`. `splits` are lists
    of the files of train, val and test. `markers` are the markers between which a joint lies (`LKNE+LKNM`). `body` is
    standard for the figure's lengths of bones, or keep for each capture's own; `body_model` is a folder with the user's
    SMPL models. The frame rate comes from `fps`, else from the index, else from the file. One bad file never stops the
    rest. `jobs` processes read at a time (None: as many as pay), which changes nothing in the result; `journal` keeps
    what was read, for an import that is ended. `progress` gets how many files are done, of how many. Raises
    StickgenError if a path does not exist, or if an index or a list matches none of the files.
    """
    read_views(view)
    if body_model is not None:
        read_body_models(body_model)  # says at once what is wrong with it
    known = Index.read(index) if index else Index("")
    lists = {name: Index.read_list(path) for name, path in (splits or {}).items()}
    report = ImportReport()
    claims = claimed(find_files(paths, report.account), report.account)
    report.account.seen += [(claim.file.archive, claim.called) for claim in claims if claim.called]
    matching = _matched(known, report)
    sides = {name: _matched(listed, report) for name, listed in lists.items()}
    if index:
        report.files_without_row = [
            claim.name for claim in claims if not matching.row(claim.file.archive, claim.name)
        ]
    choices = Choices(fps, view, joints, markers, body, body_model, confidence, aspect)
    content: dict[bytes, Clip] = {}
    rows = []
    for claim in claims:
        where = claim.file.archive, claim.name
        listed = [name for name, side in sides.items() if side.row(*where)]
        rows.append({**matching.row(*where), **({"split": min(listed)} if listed else {})})
    read = outcomes(claims, rows, choices, read_claim, jobs=jobs, journal=journal, progress=progress)
    for claim, row, outcome in zip(claims, rows, read, strict=True):
        report.notes += outcome.notes
        report.skipped.extend(outcome.refused)
        for clip in outcome.clips:
            # the same motion under another name, or written by another program
            twin = content.setdefault(hashlib.sha256(clip.motion.tobytes()).digest(), clip)
            if twin is clip:
                report.clips.append(clip)
            else:
                twin.texts += [text for text in clip.texts if text not in twin.texts and row]
                report.skipped.append(f"{clip.name}: the same motion as {twin.name}")
            report.account.count(claim.format, "imported" if twin is clip else "there twice")
        if outcome.refused:
            report.account.counts[claim.format, outcome.kind] += len(outcome.refused)
    return report


def claimed(files: Sequence[Found], account: Account) -> list[Claim]:
    """The files that formats read, sorted by where they were found. The account gets all others."""
    # a file that is named twice is read once
    left = {(file.path, file.entry): (place, file) for place, file in enumerate(files)}
    claims: list[tuple[int, Claim]] = []
    used: dict[tuple[Path, int | None], Found] = {}
    ours = [file for _, file in left.values() if kind_of(file.name) != "macOS notes"]
    sets = KnownSets.among(ours)
    for table in (*sets.tables, *(table for table, _ in sets.damaged)):
        del left[table.path, table.entry]
        account.count(_kind(table), "used" if table in sets.tables else "unreadable")
    account.skipped += [reason for _, reason in sets.damaged]
    for form in FORMATS:
        for claim in form.claim([file for file in ours if (file.path, file.entry) in left]):
            place, _ = left.pop((claim.file.path, claim.file.entry))
            used |= {(file.path, file.entry): file for file in claim.uses}
            for mirror in claim.mirrors:
                del left[mirror.path, mirror.entry]
                account.count(form.name, "mirror images left out")
            known = sets.about(claim.file)
            if known.left_out:
                account.count(form.name, known.left_out)
            elif claim.file.size > form.max_bytes:
                reason = f"{claim.file.size:,} bytes are more than a capture may have ({form.max_bytes:,})"
                account.skip(form.name, "too large", claim.file.name, reason)
            else:
                claims.append((place, replace(claim, known=known)))
    for key, (_, file) in left.items():
        if key in used:
            account.count(_kind(file), "used")
        else:
            leave_out(file, account)
    return [claim for _, claim in sorted(claims, key=lambda numbered: numbered[0])]


def _kind(file: Found) -> str:
    """What the account calls a file that belongs to motions: a table, a list, captions."""
    return file.suffix.removeprefix(".").upper() or "other"


def read_claim(claim: Claim, row: Row, choices: Choices) -> Outcome:
    """Read the takes of a claim as clips. `row` is what the user's index says of the file. Raises nothing."""
    outcome = Outcome()
    row = {**claim.known.row, **{column: value for column, value in row.items() if value}}
    try:
        for take in BY_NAME[claim.format].read(claim, choices):
            try:
                take = claim.known.applied(take, claim.name)
                outcome.clips += _clips(claim, take, row, choices, outcome.notes)
            except StickgenError as error:
                outcome.refused.append(str(error))
    except StickgenError as error:
        outcome.refused.append(str(error))
    except (OSError, *UNREADABLE) as error:
        outcome.refused.append(f"{claim.file.name}: it cannot be read ({error})")
        outcome.kind = "unreadable"
    except MemoryError:
        outcome.refused.append(f"{claim.name}: it needs more memory than there is")
        outcome.kind = "unreadable"
    except Exception as error:
        if os.environ.get("STICKGEN_TRACEBACK"):
            raise
        outcome.refused.append(
            f"{claim.name}: unexpected {type(error).__name__}: {error}; this is a fault of stickgen: please report it with "
            "what STICKGEN_TRACEBACK=1 in the environment shows"
        )
        outcome.kind = "unreadable"
    return outcome


def _matched(index: Index, report: ImportReport) -> Matching:
    """Match an index with the files that were seen. Rows without a file go into the report."""
    seen = report.account.seen
    matching = index.match(seen)
    if index.rows and seen and not matching.row_of:
        raise StickgenError(
            f"{index.name}: none of its {len(index.rows)} rows matches one of the {len(seen)} files (its first row says "
            f"{clean(index.rows[0]['file'], single_line=True, limit=80)!r}, the first file is "
            f"{clean(seen[0][1], single_line=True, limit=80)!r}); the column `file` must be the path inside the archive or folder"
        )
    sentences, elsewhere = matching.unmet({archive for archive, _ in seen})
    report.rows_without_file += sentences
    for archive, count in elsewhere.items():
        report.rows_elsewhere[archive] = report.rows_elsewhere.get(archive, 0) + count
    return matching


def _clips(claim: Claim, take: Take, told_by_index: Row, choices: Choices, notes: list[str]) -> list[Clip]:
    """The clips of a take: one for each view. Several are marked as of one capture, so that nothing parts them."""
    name = name_of(claim, take)
    row = {**take.about, **{column: value for column, value in told_by_index.items() if value}}
    given = choices.fps or _rate(name, row)
    rate = given or _rate_of(take, name)
    try:
        views = read_views(row.get("view") or choices.view)
    except StickgenError as error:
        raise StickgenError(f"{name}: {error}") from None
    moved: tuple[str, ...] = ()
    if isinstance(take.motion, Keypoints):
        view = of_a_video(views)
        if not {"auto", "side", "front"} & set(views):
            moved = (
                f"the camera of a video cannot be moved ({', '.join(views)}); it is seen as it was filmed",
            )
        figures = [
            planar_figure(
                take.motion, name, rate, view=view, confidence=choices.confidence, body=choices.body
            )
        ]
    else:
        figures = figures_of(take.motion, name, rate, views=views, joints=choices.joints, body=choices.body)
    assumed = (take.assumed,) if take.assumed and not given else ()
    notes += [f"{name}: {note}" for note in (*assumed, *moved, *take.notes, *figures[0].notes)]
    clips = [
        _clip(claim, take, row, figure, name, notes if not number else [])
        for number, figure in enumerate(figures)
    ]
    for clip in clips[1:]:
        clip.name = f"{clip.name}@{clip.view}"
    for clip in clips if len(clips) > 1 else ():
        clip.capture = f"{clip.source}/{clips[0].name}"
    return clips


def _clip(claim: Claim, take: Take, row: Row, figure: Figure, name: str, notes: list[str]) -> Clip:
    motion = figure.motion
    if len(motion) < MIN_FRAMES:
        raise StickgenError(f"{name}: only {len(motion)} frames at 25 fps; the minimum is {MIN_FRAMES}")
    split = _one_of(name, row, "split", tuple(SPLIT_NAMES))
    label = row.get("action") or ""
    action, told = decide(label, figure)
    if told != label:
        notes.append(f"{name}: called {clean(label, limit=40)}, but it goes {_way(told)}")
    actions = np.full(len(motion), -1 if action is None else action, np.int16)
    for segment in take.segments:
        found = action_of_label(segment.label)
        first, last = (round((seconds - figure.start) * FPS) for seconds in (segment.start, segment.end))
        actions[max(first, 0) : max(last, 0)] = -1 if found is None else found
    return Clip(
        motion=motion,
        texts=captions_of({**row, "action": told}, name),
        actions=actions,
        source=clean(row.get("source") or claim.file.archive or "import", single_line=True),
        licence=clean(row.get("licence") or "unknown", single_line=True),
        name=clean(name, single_line=True),
        subject=_subject(row),
        view=figure.view,
        split=SPLIT_NAMES[split] if split else None,
    )


def _rate_of(take: Take, name: str) -> float:
    if isinstance(take.motion, Keypoints) and not take.motion.fps:
        raise StickgenError(
            f"{name}: it does not say how many frames a second its video has; give --fps, or a column `fps` in an index"
        )
    return checked_rate(take.motion.fps, name)


def _way(label: str) -> str:
    ways = {"walk": "forwards", "walk-back": "backwards"}
    return ways.get(
        label, f"forwards, drifting to the {label[11:]}" if "drift" in label else f"to the {label[5:]}"
    )


def _subject(row: Row) -> str:
    """Who moved, distinct from somebody of another source with the same number."""
    subject = clean(row.get("subject") or "", single_line=True).strip()
    return (
        f"{clean(row.get('source') or row.get('archive') or '', single_line=True)}/{subject}"
        if subject
        else ""
    )


def _one_of(name: str, row: Row, column: str, values: tuple[str, ...]) -> str:
    """The value of an index column that takes one of a few words; "" if it is empty."""
    said = (row.get(column) or "").strip().lower()
    if said and said not in values:
        raise StickgenError(
            f"{name}: the index gives {clean(said, limit=20)!r} as its {column}; allowed are {', '.join(values)}"
        )
    return said


def _rate(name: str, row: Row) -> float | None:
    text = (row.get("fps") or "").strip()
    if not text:
        return None
    try:
        rate = float(text.replace(",", "."))
        if LEAST <= rate <= MOST:
            return rate
    except ValueError:
        pass
    raise StickgenError(f"{name}: the index gives {clean(text, limit=20)!r} as its frame rate; fix it")
