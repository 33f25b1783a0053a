"""Reads AMASS and other rotations of the SMPL family (NPZ), with BABEL's labels where they lie beside them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.babel import is_babel, labels_of, place_of, read_babel
from stickgen.importing.capture import Capture, Floats
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.numpy_files import Npz, first_bad_frame
from stickgen.importing.sentences import action_told
from stickgen.importing.smpl import (
    NAMES,
    PARENTS,
    approximate_rest,
    best_model,
    kind_of_pose,
    pose,
    read_body_models,
)
from stickgen.importing.sources import MAX_FILE_BYTES, Found

NAME = "AMASS"
_MOTIONS = re.compile(r"_(poses|stageii)\.npz$", re.IGNORECASE)
_NO_MOTION = re.compile(r"(^|_)(shape|stagei)\.npz$", re.IGNORECASE)  # a person's shape, without a motion
_ROOT = ("root_orient", "global_orient")
_BODY = ("pose_body", "body_pose")
_WHOLE = ("poses", "pose", "fullpose")
_TRANS = ("trans", "transl", "translation")
_RATES = ("mocap_framerate", "mocap_frame_rate", "fps", "frame_rate")
_LICENCE = "AMASS and its sources: for non-commercial research (amass.is.tue.mpg.de)"
_POSE = 3 * len(NAMES)
_MAX_BYTES = 2**28  # SMPL-X's files hold markers too, which are not read
_MOST_BETA = 100  # standard deviations
_MODELS = {"smpl": "SMPL", "smplh": "SMPL-H", "smplx": "SMPL-X"}


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    labels: dict[tuple[str, ...], list[str]] = defaultdict(list)
    tables: list[Found] = []
    for file in files:
        if is_babel(file):
            try:
                for place, entries in read_babel(file).items():
                    labels[place] += entries
                tables.append(file)
            except StickgenError as error:
                yield Claim(NAME, file, about={"fault": str(error)})
    shapes: list[Found] = []
    for file in with_suffix(files, ".npz"):
        if _NO_MOTION.search(file.base):
            shapes.append(file)
        elif _MOTIONS.search(file.base) or _looks_like_poses(file):
            babel = labels.get(place_of(file.name), [])
            yield Claim(NAME, file, (*tables, *shapes), {"babel": json.dumps(babel)} if babel else {})
            tables, shapes = [], []  # named once


def _looks_like_poses(file: Found) -> bool:
    try:
        with Npz(file, MAX_FILE_BYTES) as arrays:
            return bool(set(arrays.keys) & {*_WHOLE, *_BODY}) and bool(set(arrays.keys) & {*_TRANS, *_RATES})
    except (StickgenError, OSError):
        return False


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    if "fault" in claim.about:
        raise StickgenError(claim.about["fault"])
    name = claim.file.name
    with Npz(claim.file, _MAX_BYTES) as arrays:
        turns, kind = _turns(arrays, name)
        trans, betas = arrays.numbers(_TRANS), arrays.numbers(("betas", "shape"))
        rate = next(iter(_flat(arrays.numbers(_RATES))), 0.0)
        gender = arrays.word("gender").lower()
        kind = _MODELS.get(arrays.word("surface_model_type").lower(), kind)
    if trans is None:
        raise StickgenError(f"{name}: it does not say where the body goes (trans); get a complete file")
    trans = trans.reshape(-1, 3) if trans.size % 3 == 0 else trans
    if trans.shape != (len(turns), 3):
        raise StickgenError(f"{name}: {len(turns)} poses, but {len(trans)} translations; get it again")
    bad = first_bad_frame(turns, trans)
    if bad is not None:
        raise StickgenError(f"{name}: frame {bad} is not finite (NaN) or beyond measure; leave it out")
    notes: list[str] = []
    rest = _rest_pose(kind, gender, _flat(betas), choices.body_model, notes)
    positions = pose(rest, turns, trans)
    fps = float(rate) if np.isfinite(rate) else 0.0
    capture = Capture(list(NAMES), positions, _upright(rest, positions), fps, 0, PARENTS)
    labels = labels_of(json.loads(claim.about.get("babel", "[]")))
    about = {
        **_about(name), "licence": _LICENCE, "split": labels.split, "captions": "|".join(labels.captions),
    }  # fmt: skip
    if "babel" in claim.about:
        about["action"] = labels.action
    if not any(row.get(column) for row in (about, claim.known.row) for column in ("captions", "description")):
        notes.append("no caption was found for it; it is called by its file's name")
    yield Take(capture, about=about, segments=labels.segments, notes=notes)


def _turns(arrays: Npz, name: str) -> tuple[Floats, str]:
    """The rotations of the 22 joints [t, 22, 3], and the kind of body."""
    whole = arrays.numbers(_WHOLE, columns=_POSE)
    if whole is not None:
        shape = next(arrays.shape(key) for key in _WHOLE if key in arrays.keys)
        kind = kind_of_pose(*shape[-1:]) if shape else ""
        if whole.ndim == 2 and kind and len(whole):
            return whole.reshape(len(whole), -1, 3), kind
        raise StickgenError(
            f"{name}: its poses have the shape {'×'.join(map(str, shape))}; a frame of SMPL has 72 numbers, of "
            "SMPL-H 156, of SMPL-X 165"
        )
    root, body = arrays.numbers(_ROOT), arrays.numbers(_BODY)
    if root is None or body is None:
        raise StickgenError(f"{name}: it has neither poses nor root_orient and pose_body, so it is no motion")
    root, body = root.reshape(len(root), -1), body.reshape(len(body), -1)
    if len(root) != len(body) or root.shape[1] != 3 or body.shape[1] not in {63, 69} or not len(root):
        shapes = f"{len(root)}×{root.shape[1]} and {len(body)}×{body.shape[1]}"
        raise StickgenError(f"{name}: root_orient and pose_body are {shapes}, where t×3 and t×63 belong")
    kind = "SMPL" if body.shape[1] == 69 else "SMPL-H"
    if kind == "SMPL-H" and ({"pose_jaw", "jaw_pose"} & set(arrays.keys) or "stageii" in name):
        kind = "SMPL-X"
    turns = np.concatenate((root, body[:, : _POSE - 3]), axis=1)
    return turns.reshape(len(turns), -1, 3), kind


def _flat(numbers: Floats | None) -> Floats:
    return np.zeros(0) if numbers is None else numbers.reshape(-1)


def _rest_pose(kind: str, gender: str, betas: Floats, folder: Path | None, notes: list[str]) -> Floats:
    """The joints at rest: of the person, if the user has the model, else of an average body."""
    if folder is None:
        notes.append(
            f"an average body took the place of {kind}'s; --body-model FOLDER gives each person their own"
        )
        return approximate_rest()
    model, fits = best_model(read_body_models(folder), kind, gender)
    if not fits:
        notes.append(f"no body model of {kind} was given; the mean body of {model.kind} took its place")
    elif gender and model.gender != gender and betas.any():
        notes.append(f"no {gender} body model was given; the {model.gender} one took its place")
    if fits and not (np.abs(betas) < _MOST_BETA).all():
        notes.append(f"its shape (betas) is that of no body; the mean body of {model.kind} took its place")
        return model.mean
    return model.rest(betas if fits else None)


def _upright(rest: Floats, positions: Floats) -> Floats:
    """The rest pose turned to the file's up axis: Z in AMASS, Y in files of some other programs."""
    head, feet = NAMES.index("head"), [NAMES.index("left_ankle"), NAMES.index("right_ankle")]
    spine = positions[:, head] - positions[:, feet].mean(axis=1)
    spine = spine / np.maximum(np.linalg.norm(spine, axis=-1, keepdims=True), 1e-9)
    if np.mean(spine[:, 1] > 0.7) > 0.5:
        return rest
    return np.stack((rest[:, 0], -rest[:, 2], rest[:, 1]), axis=-1)


def _about(name: str) -> dict[str, str]:
    """Whose motion it is, by the folders of AMASS: DATA SET/SUBJECT/NAME_poses.npz."""
    path = PurePosixPath(name)
    folders = path.parts[:-1]
    words = re.sub(r"_(poses|stageii)$", "", path.stem, flags=re.IGNORECASE)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\d_\W]+", " ", words).strip().lower()
    known = (
        {"description": words, "action": action_told(words, whole=True)}
        if re.search(r"[a-z]{3}", words)
        else {}
    )
    if folders:
        known["subject"] = folders[-1]
        known["source"] = f"AMASS {folders[-2]}" if len(folders) > 1 else "AMASS"
    return known


FORMAT = Format(
    name=NAME,
    reads="SMPL, SMPL-H and SMPL-X rotations (NPZ), with BABEL's captions and labelled stretches if its JSON files lie in "
    "what is imported",
    limits="the joints are those of an average body unless `--body-model FOLDER` has the model as .npz; .pkl is refused",
    claim=_claim,
    read=_read,
    max_bytes=_MAX_BYTES,
)
