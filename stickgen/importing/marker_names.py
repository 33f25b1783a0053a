"""Which markers on the skin a joint is found from, by the names of the usual marker sets.

Plug-in Gait and Vicon FullBody, CMU's 41 (with HDM05's), OptiTrack's Baseline and Core, Qualisys's, the anatomical
landmarks of the ISB, OpenSim's gait models, and the keypoints that Pose2Sim and OpenCap write as markers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from stickgen.errors import StickgenError
from stickgen.importing.joint_names import JOINTS
from stickgen.text import clean


@dataclass(frozen=True)
class Place:
    """How a joint is found: in the middle of `markers`, or inwards from one on its outside (`outer`).

    A hip has no marker of its own: it is found from the front and the back of the pelvis (`back`).
    """

    markers: tuple[str, ...]
    outer: bool = False
    back: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """All markers that it takes."""
        return (*self.markers, *self.back)


# by the parts of the figure, the likeliest first, without side: markers on both sides of a joint, or its centre, go
# before one on the outside alone
_MIDDLES = {
    "knee": (("KNE", "KNM"), ("KNE", "MKNE"), ("KNE", "KNEM"), ("KNEEOUT", "KNEEIN"), ("KNEELAT", "KNEEMED"), ("FLE", "FME"), ("KJC",)),
    "foot": (("ANK", "ANM"), ("ANK", "MANK"), ("ANK", "ANKM"), ("ANKLEOUT", "ANKLEIN"), ("ANKLELAT", "ANKLEMED"), ("FAL", "TAM"), ("AJC",)),
    "elbow": (("ELB", "ELM"), ("ELB", "MELB"), ("ELBOWOUT", "ELBOWIN"), ("ELBOWLAT", "ELBOWMED"), ("HLE", "HME"), ("EJC",),
              ("ELB",), ("ELBOWOUT",), ("ELBOWLAT",), ("HLE",), ("ELBOW",)),
    "hand": (("WRA", "WRB"), ("IWR", "OWR"), ("WRISTIN", "WRISTOUT"), ("WRISTMED", "WRISTLAT"), ("RSP", "USP"), ("WJC",),
             ("WRI",), ("WRA",), ("WRB",), ("WRIST",), ("FIN",), ("HAND",)),
    "shoulder": (("SHO",), ("SHOULDERTOP",), ("ACR",), ("ACROMIUM",), ("ACROMION",), ("CAJ",), ("SJC",), ("SHOULDER",)),
}  # fmt: skip
_OUTSIDES = {"knee": ("KNE", "KNEEOUT", "KNEELAT", "FLE"), "foot": ("ANK", "ANKLEOUT", "ANKLELAT", "FAL")}
_CENTRES = {"knee": ("KNEE",), "foot": ("ANKLE",)}
_HEADS = (
    ("LFHD", "RFHD", "LBHD", "RBHD"), ("LFHD", "RFHD", "LBHD"), ("LFHD", "RFHD", "RBHD"), ("LFHD", "RFHD"), ("LBHD", "RBHD"),
    ("HEADTOP", "HEADFRONT", "HEADSIDE"), ("HEADL", "HEADR"), ("HEADTOP",), ("LEAR", "REAR"), ("HEAD",), ("TOPHEAD",),
    ("HEADFRONT",), ("ARIEL",), ("NOSE",),
)  # fmt: skip
_FRONTS = ("{}ASI", "{}ASIS", "{}FWT", "WAIST{}FRONT", "{}IAS")
_BACKS = ("{}PSI", "{}PSIS", "{}BWT", "WAIST{}BACK", "{}IPS")
_SACRUM = ("SACR", "SACRUM", "VSACRAL", "SACRAL", "VSAC", "WAISTBACK")
_HIP_CENTRES = ("HJC", "HIP")
SHOULDERS = ("left shoulder", "right shoulder")


def plain_names(names: Sequence[str]) -> list[str]:
    """`Subject01:LeftKnee`, `L.Knee`, `L_KNEE` → `LKNEE`. What begins all names is the subject's."""
    tails = [re.split(r"[:|]", name)[-1].strip() for name in names]
    named = [tail for tail in tails if tail]
    common = os.path.commonprefix(named) if len(named) > 5 else ""
    common = common[: max(common.rfind("_"), common.rfind(" "), common.rfind("-")) + 1]
    plain = [re.sub(r"[\W_]+", "", tail[len(common) :]).upper() for tail in tails]
    return [re.sub(r"^(L|R)(?:EFT|IGHT)(?=\w)", r"\1", name) for name in plain]


def find_places(
    names: Sequence[str], seen: Collection[int], file: str, given: Mapping[str, str] | None = None
) -> dict[str, tuple[Place, tuple[int, ...]]]:
    """How each of JOINTS, and the shoulders if they can be, is found, and the indices of the markers that it takes.

    `seen` are the markers that were seen often enough. `given` says it for some joints: `LKNE + LKNM`. Raises
    StickgenError that lists what is missing.
    """
    whole = [plain_names([name])[0] for name in names]  # with what begins all names, as a user may write it
    at = {name: index for index, name in reversed(list(enumerate(whole))) if index in seen}
    at |= {name: index for index, name in reversed(list(enumerate(plain_names(names)))) if index in seen}
    found: dict[str, tuple[Place, tuple[int, ...]]] = {}
    for joint in (*JOINTS, *SHOULDERS):
        for place in _places(joint, (given or {}).get(joint)):
            if all(marker in at for marker in place.needed):
                found[joint] = place, tuple(at[marker] for marker in place.needed)
                break
    wrong = sorted(joint for joint in (given or {}) if joint not in found)
    there = clean(", ".join(name for name in names if name), single_line=True, limit=300)
    if wrong:
        said = clean((given or {})[wrong[0]], single_line=True, limit=60)
        raise StickgenError(
            f"{file}: --markers finds the {wrong[0]} from {said!r}, and not all of that was seen in half of the frames; "
            f"the file's markers are {there}"
        )
    missing = [joint for joint in JOINTS if joint not in found]
    if missing:
        raise StickgenError(
            f"{file}: no marker is known for the {', the '.join(missing)}; name some with --markers "
            f"(left_knee=NAME+NAME); the file's markers are {there}"
        )
    return found


def _places(joint: str, given: str | None) -> list[Place]:
    """The ways to find a joint, the best first."""
    if given is not None:
        return [Place(tuple(plain_names([marker])[0] for marker in given.split("+")))]
    if joint == "head":
        return [Place(markers) for markers in _HEADS]
    word, part = joint.split()
    side = word[0].upper()

    def sided(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(side + name for name in names)

    if part == "hip":
        both: Callable[[str], tuple[str, ...]] = lambda name: (name.format("L"), name.format("R"))  # noqa: E731
        backs = [*(both(back) for back in _BACKS), *((back,) for back in _SACRUM)]
        fronts = [both(front) for front in _FRONTS]
        centre, keypoint = (Place(sided((name,))) for name in _HIP_CENTRES)
        return [centre, *(Place(front, back=back) for front in fronts for back in backs), keypoint]
    return [
        *(Place(sided(names)) for names in _MIDDLES[part]),
        *(Place(sided((name,)), outer=True) for name in _OUTSIDES.get(part, ())),
        *(Place(sided((name,))) for name in _CENTRES.get(part, ())),
    ]
