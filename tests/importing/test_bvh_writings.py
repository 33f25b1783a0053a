"""BVH as other programs write it: every writing of one walk gives the same joints, or is refused with its line."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from walking import walking_bvh

from stickgen.errors import StickgenError
from stickgen.importing.formats.bvh import read_bvh
from stickgen.importing.frame_rate import checked_rate, guessed_rate

WALK = walking_bvh(frames=12)
HEAD, MOTION = WALK[: WALK.index("MOTION")], WALK[WALK.index("MOTION") :]
EXPECTED = read_bvh(WALK, "walk.bvh")


def split_lines(text: str, end: str) -> bytes:
    return text.replace("\n", end).encode()


def in_motion(change: Callable[[str], str]) -> bytes:
    header, frame_time, rows = MOTION.partition("0.033333\n")
    return (HEAD + header + frame_time + change(rows)).encode()


WRITINGS: dict[str, bytes] = {
    "blank lines first": b"\n\r\n  \n" + WALK.encode(),
    "blank lines all over": WALK.replace("\n", "\n\n \t\n").encode(),
    "comments": ("# made by hand\n// twice\n" + WALK.replace("MOTION", "; the motion\nMOTION # here")).encode(),
    "comments behind frames": in_motion(lambda rows: rows.replace("\n", "  # a frame\n")),
    "BOM": b"\xef\xbb\xbf" + WALK.encode(),
    "UTF-16 LE with a mark": b"\xff\xfe" + WALK.encode("utf-16-le"),
    "UTF-16 BE with a mark": b"\xfe\xff" + WALK.encode("utf-16-be"),
    "UTF-16 LE": WALK.encode("utf-16-le"),
    "UTF-16 BE": WALK.encode("utf-16-be"),
    "UTF-32": WALK.encode("utf-32"),
    "CRLF": split_lines(WALK, "\r\n"),
    "lone CR": split_lines(WALK, "\r"),
    "CR CR LF": split_lines(WALK, "\r\r\n"),
    "UTF-16 with CRLF": WALK.replace("\n", "\r\n").encode("utf-16"),
    "tabs and trailing spaces": WALK.replace(" ", "\t").replace("\n", "  \t\n").encode(),
    "no line end at the end": WALK.rstrip("\n").encode(),
    "Ctrl-Z behind": WALK.encode() + b"\x1a",
    "zero bytes behind": WALK.encode() + bytes(512),
    "notes behind": WALK.encode() + b"\nexported by Some Program 2.1\n0 0 0\n",
    "wrapped": walking_bvh(frames=12, per_line=10).encode(),
    "a number a line": walking_bvh(frames=12, per_line=1).encode(),
    "wrapped without regard to frames": in_motion(
        lambda rows: "\n".join(" ".join(rows.split()[at : at + 7]) for at in range(0, len(rows.split()), 7))
    ),
    "all on one line": in_motion(lambda rows: " ".join(rows.split())),
    "commas between": walking_bvh(frames=12, separator=", ").encode(),
    "commas alone": walking_bvh(frames=12, separator=",").encode(),
    "semicolons": walking_bvh(frames=12, separator=";").encode(),
    "decimal commas": WALK.replace(".", ",").encode(),
    "decimal commas in the frames": in_motion(lambda rows: rows.replace(".", ",")),
    "decimal commas and semicolons": in_motion(lambda rows: rows.replace(".", ",").replace(" ", "; ")),
    "scientific": in_motion(lambda rows: re.sub(r"\S+", lambda m: f"{float(m[0]):.7e}", rows)),
    "scientific in capitals": in_motion(lambda rows: re.sub(r"\S+", lambda m: f"{float(m[0]):+.7E}", rows)),
    "as Fortran writes it": in_motion(
        lambda rows: re.sub(r"\S+", lambda m: f"{float(m[0]):.7E}".replace("E", "D"), rows)
    ),
    "words in small letters": WALK.replace("HIERARCHY", "hierarchy").replace("OFFSET", "Offset").encode(),
    "words in capitals": WALK.replace("Frame Time", "FRAME TIME").replace("rotation", "ROTATION").encode(),
    "End Site in one word": WALK.replace("End Site", "EndSite").encode(),
    "end sites with names": WALK.replace("End Site", "End Effector tip").encode(),
    "no colons": WALK.replace("Frames:", "Frames").replace("Frame Time:", "FrameTime =").encode(),
    "frames declared as a fraction": WALK.replace("Frames: 12", "Frames: 12.0").encode(),
    "braces on the line": WALK.replace("\n{", " {").encode(),
    "names in Shift-JIS": WALK.replace("Spine", "上半身").encode("cp932"),
    "names in UTF-8": WALK.replace("Spine", "上半身").encode(),
    "names in Latin-1": WALK.replace("Spine", "Rücken").encode("latin-1"),
}  # fmt: skip


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_writing_of_the_walk(writing: str) -> None:
    capture = read_bvh(WRITINGS[writing], "walk.bvh")
    np.testing.assert_allclose(capture.positions, EXPECTED.positions, atol=1e-6)
    assert capture.fps == pytest.approx(EXPECTED.fps, rel=1e-4)
    assert [n for n in capture.names if "end" not in n and n not in {"Spine", "上半身", "Rücken"}] == [
        n for n in EXPECTED.names if "end" not in n and n != "Spine"
    ]


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        # a number too few here and one too many there is not a wrapped frame
        (lambda rows: [rows[0].rsplit(" ", 1)[0], f"{rows[1]} 1.0", *rows[2:]], 0, "56 numbers where 57"),
        (lambda rows: [rows[0], f"{rows[1]} 1.0", *rows[2:]], 1, "58 numbers where 57"),
        (lambda rows: [rows[0], rows[1].replace(".", "x", 1), *rows[2:]], 1, "is no number"),
        (lambda rows: [*rows[:5], rows[5].replace("86", "inf", 1) if "86" in rows[5] else "nan " * 57, *rows[6:]], 5, "not finite"),
        (lambda rows: [*rows[:3], "the end"], 3, "'the' is no number"),
    ],
)  # fmt: skip
def test_what_is_not_a_frame_is_said_with_its_line(
    change: Callable[[list[str]], list[str]], line: int, says: str
) -> None:
    header = WALK[: WALK.index("0.033333\n")] + "0.033333\n"
    rows = WALK[len(header) :].splitlines()
    at = header.count("\n") + 1 + line
    with pytest.raises(StickgenError, match=rf"^walk\.bvh:{at}: .*{re.escape(says)}"):
        read_bvh(header + "\n".join(change(rows)), "walk.bvh")


def test_a_file_cut_short_is_said() -> None:
    with pytest.raises(StickgenError, match="12 frames are declared, but only 11 are there"):
        read_bvh(WALK[:-100], "walk.bvh")


@pytest.mark.parametrize(
    ("frame_time", "rate", "meaning"),
    [
        (8.33, 120, "milliseconds"), (33.333, 30, "milliseconds"), (16.67, 60, "milliseconds"),
        (8333.3, 120, "microseconds"), (120, 120, "the rate itself"), (29.97, 29.97, "the rate itself"),
    ],
)  # fmt: skip
def test_a_frame_time_in_another_unit_is_asked_about(frame_time: float, rate: float, meaning: str) -> None:
    found = guessed_rate(frame_time)
    assert found is not None and found[0] == pytest.approx(rate, rel=0.02)
    with pytest.raises(StickgenError, match=rf"{meaning}.*--fps {rate:g}"):
        checked_rate(1 / frame_time, "walk.bvh")


@pytest.mark.parametrize("fps", [0.0, 4.9, 1001.0, 1e9])
def test_a_rate_that_no_capture_has_is_asked_for(fps: float) -> None:
    with pytest.raises(StickgenError, match="--fps"):
        checked_rate(fps, "walk.bvh")
    assert checked_rate(120.0, "walk.bvh") == 120.0


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    """Few bytes that ask for much: many joints without numbers of their own, times many frames."""
    joints = "JOINT a\n{\nOFFSET 0 1 0\n" * 900 + "}\n" * 900
    bomb = f"HIERARCHY\nROOT r\n{{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n{joints}}}\nMOTION\nFrames: 400000\nFrame Time: 0.01\n"
    with pytest.raises(StickgenError, match="too many for one capture"):
        read_bvh(bomb + "0\n" * 400_000, "bomb.bvh")
    with pytest.raises(StickgenError, match="more than 1000 joints"):
        read_bvh("HIERARCHY\n" + "ROOT a\n" * 5000, "bomb.bvh")
    with pytest.raises(StickgenError, match="longer than"):
        read_bvh("HIERARCHY\nROOT a " + "x" * 20_000, "bomb.bvh")
