"""Joints from recorded markers: gaps are filled, and a marker on the skin becomes the joint under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture, Floats
from stickgen.importing.format import Take
from stickgen.importing.marker_names import Place, find_places
from stickgen.text import clean

MAX_GAP = 0.25  # seconds that are filled
MIN_WHOLE = 0.5  # seconds without a longer gap, at the least
_BODY = 11  # markers under one name that may be a person, not a ball or a stick
_OFTEN = 0.5  # of the frames: a marker that is seen more rarely is taken for missing
# A hip lies behind, below and inside the front of the pelvis, by these parts of the distance between its two front
# markers (Bell et al. 1990, as most gait software has them).
_HIP_BACK, _HIP_DOWN, _HIP_ASIDE = 0.19, 0.30, 0.36
# from a marker on the outside of a joint to its middle, as parts of the distance between the hips
_INWARDS = {"knee": 0.3, "foot": 0.23}


@dataclass
class Recording:
    """Markers over time [t, m, 3], NaN where one was not seen."""

    names: list[str]
    positions: Floats
    fps: float


def takes_of(
    recording: Recording,
    file: str,
    notes: Sequence[str] = (),
    *,
    fps: float | None = None,
    given: Mapping[str, str] | None = None,
) -> Iterator[Take]:
    """A take for each person that the markers' names tell apart (`Ann:LKNE`, `Bob:LKNE`), as `capture_of` makes them.

    Raises what is wrong with the first person that cannot be read after all others.
    """
    people = _people(recording)
    wrong: list[StickgenError] = []
    for person, part in people.items():
        try:
            capture, more = capture_of(part, f"{file}#{person}" if person else file, fps=fps, given=given)
        except StickgenError as error:
            wrong.append(error)
        else:
            yield Take(capture, part=person, notes=[*notes, *more])
    if wrong:
        raise wrong[0]


def _people(recording: Recording) -> dict[str, Recording]:
    """The recording of each person by name; under "" if all markers are of one."""
    members: dict[str, list[int]] = {}
    for index, name in enumerate(recording.names):
        person, colon, _ = name.rpartition(":")
        if colon:
            members.setdefault(clean(person, single_line=True, limit=60).strip(), []).append(index)
    people = {person: indices for person, indices in members.items() if len(indices) >= _BODY}
    if len(people) < 2:
        return {"": recording}
    return {
        person: Recording(
            [recording.names[index] for index in indices], recording.positions[:, indices], recording.fps
        )
        for person, indices in people.items()
    }


def capture_of(
    recording: Recording, file: str, *, fps: float | None = None, given: Mapping[str, str] | None = None
) -> tuple[Capture, list[str]]:
    """The joints of a recording, with notes. `fps` is the true rate; `given` maps joints to markers (`LKNE+LKNM`).

    Gaps of up to a quarter of a second are filled. Of what longer ones leave, the longest stretch is kept. Raises
    StickgenError if markers are missing, or missing for too long.
    """
    rate = fps or recording.fps or 100.0
    often = np.isfinite(recording.positions).all(axis=2).mean(axis=0)
    places = find_places(recording.names, set(np.flatnonzero(often >= _OFTEN).tolist()), file, given)
    needed = sorted({index for _, indices in places.values() for index in indices})
    points = recording.positions[:, needed].copy()
    filled, longest = _fill(points, rate)
    names = [clean(recording.names[index], single_line=True, limit=40) for index in needed]
    whole, notes = _whole(points, names, rate, file)
    if filled:
        notes.insert(0, f"{filled} short gaps of markers filled, the longest {longest / rate:.2f} s")
    at = {index: points[whole, place] for place, index in enumerate(needed)}
    joints = _joints({joint: (place, [at[i] for i in indices]) for joint, (place, indices) in places.items()})
    positions = np.stack(list(joints.values()), axis=1)
    feet = (joints["left foot"] + joints["right foot"]) / 2
    standing = int(np.linalg.norm(joints["head"] - feet, axis=-1).argmax())
    capture = Capture(list(joints), positions, positions[standing], recording.fps, whole.start)
    return capture, notes


def _fill(points: Floats, rate: float) -> tuple[int, int]:
    """Fill short gaps in [t, m, 3] in place, each on a curve that goes on as the marker came; how many, the longest."""
    count = longest = 0
    for marker in range(points.shape[1]):
        track = points[:, marker]
        for start, stop in _runs(_unseen(track)):
            if start == 0 or stop == len(track) or stop - start > MAX_GAP * rate:
                continue
            before, after = track[start - 1], track[stop]
            span = stop - start + 1
            came = before - track[start - 2] if start > 1 else np.full(3, np.nan)
            went = track[stop + 1] - after if stop + 1 < len(track) else np.full(3, np.nan)
            if not np.isfinite([came, went]).all():
                came = went = (after - before) / span
            part = (np.arange(1, span) / span)[:, None]
            track[start:stop] = (
                (1 + 2 * part) * (1 - part) ** 2 * before
                + part * (1 - part) ** 2 * span * came
                + part**2 * (3 - 2 * part) * after
                + part**2 * (part - 1) * span * went
            )
            count, longest = count + 1, max(longest, stop - start)
    return count, longest


def _whole(points: Floats, names: list[str], rate: float, file: str) -> tuple[slice, list[str]]:
    """The longest stretch in which all markers are seen, with a note if it is not all."""
    missing = _unseen(points)  # [t, m]
    runs = _runs(np.asarray(~missing.any(axis=1)))
    worst = names[int(missing.sum(axis=0).argmax())]
    start, stop = max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
    if stop - start < min(MIN_WHOLE * rate, len(points)):
        share = float(missing.mean(axis=0).max())
        raise StickgenError(
            f"{file}: markers are missing for longer than {MAX_GAP:g} s again and again ({worst} in {share:.0%} of the "
            "frames), and no stretch of half a second has all of them; fill the gaps where it was recorded"
        )
    if stop - start == len(points):
        return slice(start, stop), []
    kept = f"{start / rate:.2f} to {stop / rate:.2f} s of {len(points) / rate:.2f}"
    return slice(start, stop), [f"only {kept} kept: markers such as {worst} are missing for long in the rest"]


def _unseen(points: Floats) -> NDArray[np.bool_]:
    """Of points [..., 3], which were not seen."""
    return np.asarray(~np.isfinite(points).all(axis=-1))


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _joints(places: Mapping[str, tuple[Place, list[Floats]]]) -> dict[str, Floats]:
    """Positions [t, 3] of each joint. Hips come first, because what is inwards depends on them."""
    joints = {joint: np.mean(tracks, axis=0) for joint, (place, tracks) in places.items() if not place.back}
    for joint, (place, tracks) in places.items():
        if place.back:
            joints[joint] = _hip(tracks, 1.0 if joint.startswith("left") else -1.0)
    across = joints["left hip"] - joints["right hip"]
    wide = float(np.median(np.linalg.norm(across, axis=-1)))
    for side, sign in (("left", -1.0), ("right", 1.0)):
        for part, above in (("knee", "hip"), ("foot", "knee")):
            if places[f"{side} {part}"][0].outer:
                bone = _unit(joints[f"{side} {part}"] - joints[f"{side} {above}"])
                inwards = _unit(across - (across * bone).sum(axis=-1, keepdims=True) * bone) * sign
                joints[f"{side} {part}"] = joints[f"{side} {part}"] + inwards * _INWARDS[part] * wide
    return {joint: joints[joint] for joint in places}


def _hip(tracks: list[Floats], side: float) -> Floats:
    """A hip [t, 3] from the left and right front of the pelvis, and its back."""
    left, right, *behind = tracks
    front, back = (left + right) / 2, np.mean(behind, axis=0)
    wide = float(np.median(np.linalg.norm(left - right, axis=-1)))
    across = _unit(left - right)
    ahead = front - back
    ahead = _unit(ahead - (ahead * across).sum(axis=-1, keepdims=True) * across)
    up = np.cross(ahead, across)
    hip: Floats = front + wide * (side * _HIP_ASIDE * across - _HIP_BACK * ahead - _HIP_DOWN * up)
    return hip


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return unit
