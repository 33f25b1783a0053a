"""The SMPL family of bodies: where the joints are at rest, by the user's model or approximately, and how they move."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.capture import Floats
from stickgen.importing.numpy_files import MAX_ARRAY_BYTES, Npz
from stickgen.importing.sources import Found

# the joints that SMPL, SMPL-H and SMPL-X share, with their parent and our approximate offset from it in centimetres
# (Y up, the left at +x): round figures of an average body
_JOINTS: tuple[tuple[str, int, tuple[float, float, float]], ...] = (
    ("pelvis", -1, (0, 0, 0)),
    ("left_hip", 0, (7, -9, 0)),
    ("right_hip", 0, (-7, -9, 0)),
    ("spine1", 0, (0, 11, -2)),
    ("left_knee", 1, (4, -38, 0)),
    ("right_knee", 2, (-4, -38, 0)),
    ("spine2", 3, (0, 13, 0)),
    ("left_ankle", 4, (-2, -40, -4)),
    ("right_ankle", 5, (2, -40, -4)),
    ("spine3", 6, (0, 6, 2)),
    ("left_foot", 7, (3, -6, 12)),
    ("right_foot", 8, (-3, -6, 12)),
    ("neck", 9, (0, 21, -4)),
    ("left_collar", 9, (8, 12, -3)),
    ("right_collar", 9, (-8, 12, -3)),
    ("head", 12, (0, 7, 5)),
    ("left_shoulder", 13, (9, 3, -1)),
    ("right_shoulder", 14, (-9, 3, -1)),
    ("left_elbow", 16, (26, -1, -2)),
    ("right_elbow", 17, (-26, -1, -2)),
    ("left_wrist", 18, (25, 1, 0)),
    ("right_wrist", 19, (-25, 1, 0)),
)
NAMES = tuple(name for name, _, _ in _JOINTS)
PARENTS = tuple(parent for _, parent, _ in _JOINTS)
_KINDS = {24: "SMPL", 52: "SMPL-H", 55: "SMPL-X"}  # by the joints of a model
_KINDS_BY_POSE = {72: "SMPL", 66: "SMPL-H", 156: "SMPL-H", 165: "SMPL-X"}  # by the numbers of a pose
_SAME_SHAPES = ({"SMPL", "SMPL-H"}, {"SMPL-X"})  # kinds whose betas mean the same
_MODEL_KEYS = ("J_regressor", "v_template", "shapedirs")


def kind_of_pose(width: int) -> str:
    """Which body a pose of so many numbers is for; "" if for none."""
    return _KINDS_BY_POSE.get(width, "")


def approximate_rest() -> Floats:
    """The joints at rest [22, 3] of an average body, in metres."""
    rest = np.zeros((len(_JOINTS), 3))
    for joint, (_, parent, offset) in enumerate(_JOINTS):
        rest[joint] = np.array(offset) / 100 + (rest[parent] if parent >= 0 else 0)
    return rest


@dataclass(frozen=True)
class BodyModel:
    """Where the 22 joints of a body are at rest, as its shape says."""

    kind: str
    gender: str  # male, female or neutral
    mean: Floats  # [22, 3]
    shapes: Floats  # [22, 3, b], metres per beta

    def rest(self, betas: Floats | None) -> Floats:
        """The joints [22, 3] of a shape, the mean body's for None."""
        if betas is None:
            return self.mean
        count = min(len(betas), self.shapes.shape[-1])
        rest: Floats = self.mean + self.shapes[..., :count] @ betas[:count]
        return rest


@functools.lru_cache(maxsize=2)
def read_body_models(folder: Path) -> tuple[BodyModel, ...]:
    """The body models in a folder and its subfolders, of which only the joints are kept.

    Raises StickgenError if there is none that can be read.
    """
    if not folder.is_dir():
        raise StickgenError(f"--body-model {folder}: there is no such folder")
    models, faults = [], []
    for path in sorted(folder.rglob("*.npz")):
        try:
            model = _read_model(path, path.relative_to(folder).as_posix())
        except (StickgenError, OSError) as error:
            faults.append(str(error))
            continue
        if model is not None:
            models.append(model)
    if models:
        return tuple(models)
    if faults:
        raise StickgenError(f"--body-model {folder}: {faults[0]}")
    pickled = next(iter(sorted(folder.rglob("*.pkl"))), None)
    if pickled is not None:
        raise StickgenError(
            f"--body-model {folder}: {pickled.name} is pickled, so it can run code and is never read; get the model as "
            ".npz: SMPL-H from mano.is.tue.mpg.de (Extended SMPL+H), SMPL-X from smpl-x.is.tue.mpg.de"
        )
    raise StickgenError(
        f"--body-model {folder}: it holds no .npz with J_regressor, v_template and shapedirs, as SMPL-H and SMPL-X have"
    )


def _read_model(path: Path, name: str) -> BodyModel | None:
    with Npz(Found("", name, path.stat().st_size, path), 4 * MAX_ARRAY_BYTES) as arrays:
        if not set(_MODEL_KEYS) <= set(arrays.keys):
            return None
        regressor, template, shapes = (arrays.numbers((key,)) for key in _MODEL_KEYS)
    assert regressor is not None and template is not None and shapes is not None
    vertices = len(template)
    kind = _KINDS.get(len(regressor)) if regressor.ndim == 2 else None
    if kind is None or regressor.shape[1] != vertices or shapes.shape[:2] != (vertices, 3):
        raise StickgenError(f"{name}: its arrays do not fit each other as those of a body model do")
    words = name.lower()
    gender = next((word for word in ("female", "male", "neutral") if word in words), "neutral")
    regressor = regressor[: len(NAMES)]
    joints: Floats = regressor @ template
    return BodyModel(kind, gender, joints, np.einsum("jv,vab->jab", regressor, shapes))


def best_model(models: tuple[BodyModel, ...], kind: str, gender: str) -> tuple[BodyModel, bool]:
    """The model that fits a capture best, and whether its betas have the capture's meaning."""

    def fit(model: BodyModel) -> tuple[bool, bool, bool, bool]:
        same = any({model.kind, kind} <= kinds for kinds in _SAME_SHAPES)
        return same, model.gender == gender, model.kind == kind, model.gender == "neutral"

    best = max(models, key=fit)
    return best, fit(best)[0]


def pose(rest: Floats, turns: Floats, trans: Floats) -> Floats:
    """Joint positions [t, 22, 3] of rotation vectors [t, 22, 3] and the root's translation [t, 3]."""
    local = rotations(turns)
    positions = np.zeros((len(turns), len(NAMES), 3))
    above = np.zeros((len(turns), len(NAMES), 3, 3))
    for joint, parent in enumerate(PARENTS):
        if parent < 0:
            positions[:, joint], above[:, joint] = rest[joint] + trans, local[:, joint]
        else:
            positions[:, joint] = positions[:, parent] + above[:, parent] @ (rest[joint] - rest[parent])
            above[:, joint] = above[:, parent] @ local[:, joint]
    return positions


def rotations(vectors: Floats) -> Floats:
    """Rotation matrices [..., 3, 3] of rotation vectors [..., 3] in radians, by Rodrigues' formula."""
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(vectors / np.maximum(angle[..., 0], 1e-12), -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack((zero, -z, y, z, zero, -x, -y, x, zero), axis=-1).reshape(*vectors.shape, 3)
    turned: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return turned
