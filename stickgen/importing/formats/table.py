"""Reads points of a body from CSV, NPZ and NPY, and stickgen's own JSON: the way in for everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.importing import json_text
from stickgen.importing.capture import Capture
from stickgen.importing.detections import Video, takes_of
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.gaps import filled
from stickgen.importing.landmarks import BLAZEPOSE, missing_of, names_of_count, plain_names
from stickgen.importing.numpy_files import Npz, npy_header, read_npy
from stickgen.importing.people import Detection
from stickgen.importing.sources import MAX_FILE_BYTES, Found
from stickgen.importing.tables import (
    FRAME,
    PERSON,
    POINT,
    Table,
    number,
    numbered,
    points_of,
    rate_of,
    read_table,
)
from stickgen.motion.skeleton import JOINTS, NUM_JOINTS, POSE_DIM

Floats = NDArray[np.float64]
_NAME = "table of joints"
_HEAD_BYTES = 16_384
_ARRAYS = (
    "positions",
    "motion",
    "motions",
    "keypoints",
    "keypoints_2d",
    "points",
    "joints_2d",
    "joints2d",
    "landmarks",
    "pose",
)
_NAMES = ("joints", "names", "joint_names", "keypoint_names")
_SURE = ("confidence", "confidences", "scores", "visibility", "keypoint_scores")
_RATES = ("fps", "frame_rate", "framerate")
_TEXTS = ("text", "caption", "description")
_OURS = ('"stickgen-motion"',)
_BODY = 8  # columns of points with names of a body that make a table one of motion
# columns of a table without a head: the figure's, and MediaPipe's
_BARE = {POSE_DIM: 2, 66: 2, 99: 3, 132: 4}


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    for file in with_suffix(files, ".csv", ".tsv", ".npz", ".npy", ".json"):
        if file.suffix == ".npz":
            found = _npz_has_motion(file)
        elif file.suffix == ".npy":
            header = npy_header(file.head())
            found = header is not None and _is_ours(header.shape)
        elif file.suffix == ".json":
            found = b'"stickgen-motion"' in file.head()
        else:
            found = _is_table(file)
        if found:
            yield Claim(_NAME, file)


def _is_ours(shape: tuple[int, ...]) -> bool:
    return len(shape) in {2, 3} and (shape[1:] in {(POSE_DIM,), (NUM_JOINTS, 2)})


def _npz_has_motion(file: Found) -> bool:
    try:
        with Npz(file, MAX_FILE_BYTES) as arrays:
            shapes = [arrays.shape(key) for key in _ARRAYS]
    except (StickgenError, OSError):
        return True  # nobody else reads it, and what is wrong with it is said when it is read
    return any(
        _is_ours(shape) or (len(shape) == 3 and shape[1] >= NUM_JOINTS and shape[2] in {2, 3})
        for shape in shapes
    )


def _is_table(file: Found) -> bool:
    """Whether the beginning of a CSV is that of a table of points: an index of clips is none."""
    head = file.head(_HEAD_BYTES)
    if len(head) == _HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1] or head
    try:
        table = read_table(head, file.name, only_head=True)
    except StickgenError:
        return False
    if not table.head:
        width = len(table.rows[0])
        if any(np.isnan(number(cell)) for cell in table.rows[0]):
            return False
        return width in _BARE or width - 1 in _BARE
    if table.column(POINT) is not None and {"x", "y"} <= {name.casefold() for name in table.head}:
        return True
    points = list(points_of(table.head))
    known = [name for name in plain_names(points) if name]
    return len(known) >= _BODY or (numbered(points) is not None and len(points) >= NUM_JOINTS)


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    file = claim.file
    if file.suffix == ".npz":
        yield from _read_npz(file, choices)
    elif file.suffix == ".npy":
        yield from _of_points(read_npy(file.read(), file.name), file.name, choices)
    elif file.suffix == ".json":
        yield from _read_ours(file, choices)
    else:
        yield from _read_csv(read_table(file.read(), file.name), choices)


def _read_npz(file: Found, choices: Choices) -> Iterator[Take]:
    with Npz(file, MAX_FILE_BYTES) as arrays:
        points = arrays.numbers(_ARRAYS)
        names = next((found for key in _NAMES if (found := arrays.words(key))), [])
        rates = arrays.numbers(_RATES)
        sure = arrays.numbers(_SURE)
        text = next((word for key in _TEXTS if (word := arrays.word(key))), "")
    assert points is not None  # it was claimed for them
    fps = float(rates.ravel()[0]) if rates is not None and rates.size else 0.0
    about = {"captions": text.replace("|", "/")} if text else {}
    yield from _of_points(points, file.name, choices, names=names, fps=fps, sure=sure, about=about)


def _read_ours(file: Found, choices: Choices) -> Iterator[Take]:
    value = json_text.parse(file.read(), file.name)
    clips = value.get("clips") if isinstance(value, Mapping) else None
    if not isinstance(clips, list) or not clips:
        raise StickgenError(f"{file.name}: it has no clips")
    fps = json_text.positive(value.get("fps")) or 0.0
    told = value.get("joints")
    names = [str(name) for name in told] if isinstance(told, list) and told else list(JOINTS)
    for place, clip in enumerate(clips):
        frames = clip.get("frames") if isinstance(clip, Mapping) else None
        points = json_text.numbers(frames, file.name, f"the frames of clip {place + 1}")
        text = str(clip.get("text") or "") if isinstance(clip, Mapping) else ""
        about = {"captions": text.replace("|", "/")} if text else {}
        for take in _of_points(points, file.name, choices, names=names, fps=fps, about=about):
            take.part = str(place + 1) if len(clips) > 1 else ""
            yield take


def _of_points(
    points: Floats,
    name: str,
    choices: Choices,
    *,
    names: Sequence[str] = (),
    fps: float = 0.0,
    sure: Floats | None = None,
    about: Mapping[str, str] | None = None,
) -> Iterator[Take]:
    """The take of an array [t, 20] or [t, n, 2 or 3], whose third column is a confidence or a third dimension."""
    if points.ndim == 2 and points.shape[1] == POSE_DIM:
        points = points.reshape(-1, NUM_JOINTS, 2)
    if points.ndim != 3 or points.shape[2] not in {2, 3} or not len(points):
        raise StickgenError(
            f"{name}: an array of shape {points.shape} is no motion; it must be [frames, joints, 2]"
        )
    if names and len(names) != points.shape[1]:
        raise StickgenError(f"{name}: it names {len(names)} joints and has {points.shape[1]}")
    third = points[..., 2] if points.shape[2] == 3 else None
    if third is not None and not _is_confidence(third):
        if not names:
            raise StickgenError(f"{name}: joints in space need their names, in an array `joints`")
        yield Take(_capture(points, list(names), name, fps), "", about or {})
        return
    confidence = third if third is not None else np.ones(points.shape[:2])
    if sure is not None:
        if sure.size != confidence.size:
            raise StickgenError(f"{name}: it has {confidence.size} points and {sure.size} confidences")
        confidence = sure.reshape(confidence.shape)
    whole = np.concatenate((points[..., :2], confidence[..., None]), axis=-1)
    plain = _named(names, points.shape[1], whole, name, choices)
    video = Video(name, names=plain, fps=fps, y_down=None, alone=True, zero_is_absent=False)
    for frame, body in enumerate(whole):
        video.see(frame, Detection(body))
    yield from takes_of(video, choices, about)


def _is_confidence(third: Floats) -> bool:
    known = third[np.isfinite(third)]
    return (
        bool(len(known))
        and float(known.min()) >= 0
        and float(known.max()) <= 1.0
        and float(np.ptp(known)) > 0
    )


def _named(
    names: Sequence[str], count: int, whole: Floats, name: str, choices: Choices
) -> Sequence[str] | None:
    if not names:
        return names_of_count(count, whole)
    plain = plain_names(names, choices.joints)
    if missing := missing_of(plain):
        raise StickgenError(
            f"{name}: no point looks like the {', the '.join(missing)}; name it with --joints; its points are "
            f"{', '.join(names)[:300]}"
        )
    return plain


def _read_csv(table: Table, choices: Choices) -> Iterator[Take]:
    cells = table.numbers()
    frames, fps = rate_of(table, cells)
    point = table.column(POINT)
    plain = [name.casefold() for name in table.head]
    if not table.head:
        names, whole, depth = _bare(table, cells)
    elif point is not None and "x" in plain and "y" in plain:
        names, whole, depth, frames = _long(table, cells, point, frames)
    else:
        names, whole, depth = _wide(table, cells)
    if frames is None:
        frames = np.arange(len(whole), dtype=np.float64)
    numbers = numbered(names)
    ours: Sequence[str] | None
    if numbers is not None:
        order = np.argsort(numbers)
        whole, depth = whole[:, order], None
        ours = names_of_count(len(names), whole)
        names = []
    else:
        ours = None
    video_like = "nose" in {name.casefold() for name in names} or ours == BLAZEPOSE
    if depth is not None and not video_like:
        space = np.concatenate((whole[..., :2], depth[..., None]), axis=-1)
        yield Take(_capture(space, list(names), table.name, fps), notes=table.notes)
        return
    if names:
        ours = _named(names, len(names), whole, table.name, choices)
    person = table.column(PERSON) if point is None else None
    video = Video(
        table.name, names=ours, fps=fps, y_down=None, alone=person is None, zero_is_absent=bool(video_like)
    )
    video.notes += table.notes
    first = float(frames.min())
    for row, (frame, body) in enumerate(zip(frames, whole, strict=True)):
        who = table.rows[row][person] if person is not None else ""
        video.see(int(frame if first >= 0 else frame - first), Detection(body, who))
    yield from takes_of(video, choices)


def _wide(table: Table, cells: Floats) -> tuple[list[str], Floats, Floats | None]:
    """A row a frame: names, points [t, n, 3] with their confidence, and z [t, n] if all have it."""
    points = points_of(table.head)
    if not points:
        raise StickgenError(f"{table.name}: it has no columns like head_x and head_y")
    whole = np.ones((len(cells), len(points), 3))
    for place, axes in enumerate(points.values()):
        whole[:, place, :2] = cells[:, [axes["x"], axes["y"]]]
        if "c" in axes:
            whole[:, place, 2] = cells[:, axes["c"]]
    deep = all("z" in axes for axes in points.values()) and not any("c" in axes for axes in points.values())
    return list(points), whole, cells[:, [axes["z"] for axes in points.values()]] if deep else None


def _long(
    table: Table, cells: Floats, point: int, frames: Floats | None
) -> tuple[list[str], Floats, Floats | None, Floats]:
    """A row a point: as `_wide`, and the numbers of the frames."""
    at = {name.casefold(): column for column, name in enumerate(table.head)}
    column = table.column(FRAME)
    if frames is None and column is None:
        raise StickgenError(f"{table.name}: it has a row a point, and no column `frame` that says when")
    when = frames if frames is not None else cells[:, column or 0]
    if not np.isfinite(when).all():
        raise StickgenError(f"{table.name}: the number of a frame is missing in one of its rows")
    names = list(dict.fromkeys(row[point] for row in table.rows))
    order = {name: place for place, name in enumerate(names)}
    there, place_of_row = np.unique(when, return_inverse=True)
    whole = np.full((len(there), len(names), 3), np.nan)
    depth = np.full((len(there), len(names)), np.nan)
    sure = next(
        (
            at[name]
            for name in ("visibility", "confidence", "score", "likelihood", "c", "v", "presence")
            if name in at
        ),
        None,
    )
    for row, cell in enumerate(cells):
        here = place_of_row[row], order[table.rows[row][point]]
        whole[here] = cell[at["x"]], cell[at["y"]], cell[sure] if sure is not None else 1.0
        if "z" in at:
            depth[here] = cell[at["z"]]
    deep = "z" in at and sure is None
    return names, whole, depth if deep else None, there


def _bare(table: Table, cells: Floats) -> tuple[list[str], Floats, Floats | None]:
    """A table without a head: the figure's twenty numbers, or MediaPipe's landmarks; perhaps after a number of the frame."""
    width = cells.shape[1]
    if width not in _BARE:
        cells, width = cells[:, 1:], width - 1
    if width not in _BARE:
        raise StickgenError(
            f"{table.name}: {width} columns without names; the first line must say what they are"
        )
    each = _BARE[width]
    points = cells.reshape(len(cells), -1, each)
    sure = points[..., 3] if each == 4 else np.ones(points.shape[:2])
    whole = np.concatenate((points[..., :2], sure[..., None]), axis=-1)
    names = list(JOINTS) if width == POSE_DIM else [str(place) for place in range(points.shape[1])]
    return names, whole, None


def _capture(points: Floats, names: list[str], name: str, fps: float) -> Capture:
    """Joints in space."""
    unseen: NDArray[np.bool_] = np.asarray(~np.isfinite(points).all(axis=-1))
    never = [names[joint] for joint in range(len(names)) if unseen[:, joint].all()]
    keep = [joint for joint in range(len(names)) if names[joint] not in never]
    points = points[:, keep]
    if unseen.mean() > 0.1:
        raise StickgenError(f"{name}: {unseen.mean():.0%} of its joints are missing")
    points = filled(points)
    size = np.linalg.norm(np.ptp(points, axis=1), axis=-1)
    rest = points[int(size.argmax())]
    return Capture([names[joint] for joint in keep], points, rest, fps, 0)


FORMAT = Format(
    name=_NAME,
    reads="CSV with a column a coordinate (`head_x`, `left_hip.y`, `x12`, …) or a row a point, DeepLabCut's CSV, NPZ with `positions` or `keypoints` [t, n, 2] "
    "and `joints`, NPY [t, 20]; with names or in a detector's order, in two dimensions or three; what stickgen writes as CSV, NPZ and JSON",
    limits="the ten joints must be there by name or order (`--joints`); without a column `time` or an array `fps`, `--fps`",
    claim=_claim,
    read=_read,
)
