"""Reads HumanML3D and KIT-ML: joints or vectors a clip, with captions of the whole or of stretches, and split lists."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stickgen.errors import StickgenError
from stickgen.importing.capture import Capture, Floats
from stickgen.importing.decoding import decode
from stickgen.importing.format import Choices, Claim, Format, Take, with_suffix
from stickgen.importing.joint_vectors import WIDTHS, decode_vectors
from stickgen.importing.numpy_files import first_bad_frame, npy_header, read_npy
from stickgen.importing.smpl import NAMES as SMPL_NAMES
from stickgen.importing.smpl import PARENTS as SMPL_PARENTS
from stickgen.importing.sources import Found
from stickgen.text import clean

NAME = "HumanML3D"
_LISTS = ("train", "val", "test")
_ALL_LISTS = (*_LISTS, "train_val", "all")
_FOLDERS = ("new_joints", "joints", "new_joint_vecs")  # the same clips, the best first
_HEADER = 256  # bytes: an array's header has 128
_Root = tuple[Path | None, str]  # the zip file, and the folder in it
_STATISTICS = {"mean.npy", "std.npy"}


@dataclass(frozen=True)
class _Body:
    """What the two data sets say of a clip by its number of joints."""

    called: str
    names: tuple[str, ...]
    parents: tuple[int, ...]
    toe: str  # its tip of the foot, without the side
    fps: float
    licence: str


_BODIES = {
    22: _Body(
        "HumanML3D", SMPL_NAMES, SMPL_PARENTS, "foot", 20.0,
        "HumanML3D: texts MIT; motions under the licences of AMASS and HumanAct12, for research only",
    ),
    21: _Body(
        "KIT-ML",
        (
            "root", "spine", "chest", "neck", "head",
            "left shoulder", "left elbow", "left wrist", "right shoulder", "right elbow", "right wrist",
            "left hip", "left knee", "left ankle", "left foot", "left toe",
            "right hip", "right knee", "right ankle", "right foot", "right toe",
        ),
        (-1, 0, 1, 2, 3, 3, 5, 6, 3, 8, 9, 0, 11, 12, 13, 14, 0, 16, 17, 18, 19),
        "toe",
        12.5,
        "KIT Motion-Language dataset (Plappert et al. 2016)",
    ),
}  # fmt: skip
# what turns the results of MDM and its kin into arrays with captions beside them
RESULTS = (
    "`import numpy as np; r = np.load('results.npy', allow_pickle=True).item(); "
    "[(np.save(f'{i:06}.npy', m[..., :n].transpose(2, 0, 1)), open(f'{i:06}.txt', 'w').write(t + '#x/X#0.0#0.0')) "
    "for i, (m, n, t) in enumerate(zip(r['motion'], r['lengths'], r['text']))]`"
)


@dataclass(frozen=True)
class _Line:
    """A caption and the stretch it is about, in seconds; both 0 for the whole."""

    text: str
    start: float
    end: float


def _claim(files: Sequence[Found]) -> Iterable[Claim]:
    """Joints go before vectors of the same clip, and a clip before its mirror image, which an import makes itself."""
    beside = _Beside(files)
    clips: dict[_Root, dict[str, list[Found]]] = defaultdict(lambda: defaultdict(list))
    statistics: dict[_Root, list[Found]] = defaultdict(list)
    for file in with_suffix(files, ".npy"):
        header = npy_header(file.head(_HEADER))
        if header is None and _folder(file) in _FOLDERS:
            yield Claim(NAME, file)  # damaged, which reading it says
        elif header is not None and header.pickled:
            yield Claim(NAME, file, about={"pickled": "yes"})
        elif header is not None and _is_motion(header.shape):
            clips[_root(file)][file.stem].append(file)
        elif file.base.lower() in _STATISTICS:
            statistics[_root(file)].append(file)
    for root, by_stem in clips.items():
        yield from _of_root(beside, root, by_stem, statistics[root])


def _of_root(
    beside: _Beside, root: _Root, by_stem: Mapping[str, list[Found]], used: Sequence[Found]
) -> Iterator[Claim]:
    """The clips of one data set, and its lists where they name others."""
    lists = {name: file for name in _ALL_LISTS if (file := beside.find(root, "", f"{name}.txt"))}
    listed = {name: _listed(file) for name, file in lists.items()}
    used = [*used, *lists.values()]
    for stem, found in by_stem.items():
        original = stem.removeprefix("M")
        if original != stem and original in by_stem:
            continue
        mirrors = tuple(by_stem.get(f"M{stem}", ()))
        best, *others = sorted(found, key=_rank)
        texts = [beside.text(root, stem), beside.text(root, f"M{stem}") if mirrors else None]
        split = next((name for name in _LISTS if stem in listed.get(name, ())), "")
        uses = (*(text for text in texts if text), *others, *used)
        yield Claim(NAME, best, uses, {"split": split, "id": original}, mirrors)
        used = []  # named once
    yield from _lists_with_gaps(lists, listed, set(by_stem))


def _lists_with_gaps(
    lists: Mapping[str, Found], listed: Mapping[str, set[str]], there: set[str]
) -> Iterator[Claim]:
    """A claim for each split list that names clips without a file, so that somebody hears of them."""
    for name, file in lists.items():
        missing = sorted(
            {
                stem
                for stem in listed.get(name, ())
                if stem not in there and stem.removeprefix("M") not in there
            }
        )
        # `all` and `train_val` repeat what the others say
        told = name in _LISTS or not any(listed.get(other) for other in _LISTS)
        if missing and told:
            first = ", ".join(missing[:8]) + (", …" if len(missing) > 8 else "")
            said = f"{len(missing):,} of its {len(listed[name]):,} clips have no file: {first}"
            yield Claim(NAME, file, about={"said": said})


def _is_motion(shape: tuple[int, ...]) -> bool:
    """Whether an array is joints [t, j, 3], or vectors of them [t, d]."""
    return (len(shape) == 3 and shape[1] in _BODIES and shape[2] == 3) or (
        len(shape) == 2 and shape[1] in WIDTHS
    )


def _rank(file: Found) -> int:
    """Which of several arrays of one clip is read: the lowest."""
    return _FOLDERS.index(_folder(file)) if _folder(file) in _FOLDERS else len(_FOLDERS)


def _folder(file: Found) -> str:
    return file.folder.rpartition("/")[2]


def _root(file: Found) -> _Root:
    """The zip file, and the folder above `new_joints`, which holds the lists and the folder `texts`."""
    inside = _folder(file) in _FOLDERS
    return _container(file), file.folder.rpartition("/")[0] if inside else file.folder


def _container(file: Found) -> Path | None:
    return None if file.entry is None else file.path


def _listed(file: Found) -> set[str]:
    return {line.strip() for line in decode(file.read()).splitlines() if line.strip()}


class _Beside:
    """The text files of an import, by where they lie."""

    def __init__(self, files: Sequence[Found]) -> None:
        self.by_place: dict[tuple[Path | None, str, str], Found] = {}
        self.texts: dict[str, list[Found]] = defaultdict(list)  # in a folder `texts`, or texts.zip, anywhere
        for file in with_suffix(files, ".txt"):
            self.by_place[_container(file), file.folder, file.base] = file
            if _folder(file) == "texts" or file.archive == "texts.zip":
                self.texts[file.stem].append(file)

    def find(self, root: _Root, folder: str, base: str) -> Found | None:
        """A file in a folder under `root`."""
        container, top = root
        return self.by_place.get((container, "/".join(part for part in (top, folder) if part), base))

    def text(self, root: _Root, stem: str) -> Found | None:
        """The captions of a clip: in `texts`, beside it, or in the one other folder `texts` that has them."""
        beside = self.find(root, "texts", f"{stem}.txt") or self.find(root, "", f"{stem}.txt")
        others = self.texts.get(stem, [])
        return beside or (others[0] if len(others) == 1 else None)


def _read(claim: Claim, choices: Choices) -> Iterator[Take]:
    file = claim.file
    if "said" in claim.about:
        raise StickgenError(f"{file.name}: {claim.about['said']}")
    if "pickled" in claim.about and file.base == "results.npy":
        raise StickgenError(
            f"{file.name}: it holds Python objects, which can run code and are never read; if you trust it, turn it into "
            f"plain arrays with Python: {RESULTS}"
        )
    numbers = read_npy(file.read(), file.name)
    if not _is_motion(numbers.shape) or not len(numbers):
        raise StickgenError(f"{file.name}: it has no frame of joints; get it again")
    bad = first_bad_frame(numbers)
    if bad is not None:
        raise StickgenError(
            f"{file.name}: frame {bad} is not finite (NaN) or beyond measure; the making of the data set failed for this "
            "clip; leave it out"
        )
    positions = numbers if numbers.ndim == 3 else decode_vectors(numbers, file.name)
    body = _BODIES[positions.shape[1]]
    positions = _right_handed(positions, body)
    text = next((used for used in claim.uses if used.suffix == ".txt" and used.stem == file.stem), None)
    lines = read_texts(decode(text.read()), text.name) if text else []
    fps = choices.fps or body.fps
    about = {
        "source": body.called, "licence": body.licence, "split": claim.about.get("split", ""), "subject": claim.about.get("id", file.stem),
    }  # fmt: skip
    notes = [] if lines else ["no caption was found for it (texts/ID.txt); it is called by its file's name"]
    faults = []
    for (start, end), captions in _stretches(lines).items():
        first, last = (0, len(positions)) if not start and not end else (round(start * fps), round(end * fps))
        piece = positions[first:last]
        if len(piece) < 2 or first < 0:
            seconds = len(positions) / fps
            faults.append(f"{start:g} to {end:g} s, which is no part of its {seconds:.1f} s")
            continue
        capture = Capture(list(body.names), piece, _rest(positions), body.fps, first, body.parents)
        part = "" if not start and not end else f"{start:g}-{end:g}s"
        yield Take(
            capture, part, {**about, "captions": "|".join(captions)}, notes=notes,
            assumed="" if _folder(file) in _FOLDERS else f"{body.fps:g} frames a second, as {body.called}'s (--fps)",
        )  # fmt: skip
    if faults:
        raise StickgenError(
            f"{text.name if text else file.name}: a caption is about {'; '.join(faults[:3])}; fix it"
        )


def _stretches(lines: Sequence[_Line]) -> dict[tuple[float, float], list[str]]:
    stretches: dict[tuple[float, float], list[str]] = defaultdict(list)
    for line in lines:
        if line.text not in stretches[line.start, line.end]:
            stretches[line.start, line.end].append(line.text)
    return stretches or {(0.0, 0.0): []}


def read_texts(text: str, name: str) -> list[_Line]:
    """Lines `caption#tokens#start#end`. Raises StickgenError with `name:line` for any other."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            caption, _, *ends = line.rsplit("#", 3)
            start, end = (0.0 if math.isnan(float(value)) else float(value) for value in ends)
            if not caption.strip() or not math.isfinite(start) or not math.isfinite(end):
                raise ValueError
        except ValueError:
            said = clean(line, single_line=True, limit=60)
            raise StickgenError(
                f"{name}:{number}: {said!r} is not caption#tokens#start#end; fix it"
            ) from None
        found.append(_Line(caption.replace("|", " ").strip(), start, end))
    return found


def _rest(positions: Floats) -> Floats:
    """A pose that shows which way is up: the frame with the head the highest above the feet."""
    lowest = positions[..., 1].min(axis=1)
    rest: Floats = positions[int(np.argmax(positions[..., 1].max(axis=1) - lowest))]
    return rest


def _right_handed(positions: Floats, body: _Body) -> Floats:
    """The joints in a right-handed space, as the toes tell: they point forward.

    KIT-ML's joints are named by MMM, left before right, but two axes were swapped to put Y up, so that the toes point
    backwards for whoever takes left and right by name.
    """
    at = {name.replace("_", " "): positions[:, index] for index, name in enumerate(body.names)}
    toes = at[f"left {body.toe}"] - at["left ankle"] + at[f"right {body.toe}"] - at["right ankle"]
    forward = np.cross(at["left hip"] - at["right hip"], np.array([0.0, 1.0, 0.0]))
    if np.median((forward * toes).sum(axis=-1)) >= 0:
        return positions
    mirrored: Floats = positions * np.array([-1.0, 1.0, 1.0])
    return mirrored


FORMAT = Format(
    name=NAME,
    reads="HumanML3D and KIT-ML: `new_joints` or `new_joint_vecs`, `texts` (a caption of a stretch makes a clip of its "
    "own), `train.txt`, `val.txt`, `test.txt`; loose arrays of 22 or 21 joints",
    limits="20 and 12.5 fps unless `--fps` says otherwise; a mirror image (`M000001`) is left out where its original is "
    "there; clips with NaN are refused, and `results.npy`, which is pickled",
    claim=_claim,
    read=_read,
)
