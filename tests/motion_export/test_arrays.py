"""NPZ, CSV and JSON hold the numbers of the motion, under names that a stranger understands."""

from __future__ import annotations

import csv as table
import io
import json as standard

import numpy as np
import pytest
from hypothesis import given
from motions import Motion, any_motions, performed

from stickgen.motion.skeleton import FPS, JOINTS
from stickgen.motion_export.formats.csv import csv
from stickgen.motion_export.formats.json import json
from stickgen.motion_export.formats.npz import npz


@given(any_motions())
def test_csv_by_the_standard_librarys_reader(motion: Motion) -> None:
    rows = list(table.DictReader(io.StringIO(csv(motion))))
    assert [float(row["time"]) for row in rows] == pytest.approx([n / FPS for n in range(len(motion))])
    for number, joint in enumerate(JOINTS):
        for axis, name in enumerate("xy"):
            read = [float(row[f"{joint}_{name}"]) for row in rows]
            assert read == pytest.approx([pose[2 * number + axis] for pose in motion], rel=1e-5, abs=1e-6)


@given(any_motions())
def test_npz_by_numpy_without_pickle(motion: Motion) -> None:
    with np.load(io.BytesIO(npz("a person walks", motion)), allow_pickle=False) as arrays:
        assert arrays["positions"].shape == (len(motion), len(JOINTS), 2)
        assert np.array_equal(
            arrays["positions"].reshape(len(motion), -1), np.asarray(motion, dtype=np.float32)
        )
        assert arrays["joints"].tolist() == list(JOINTS)
        assert (int(arrays["fps"]), str(arrays["text"])) == (FPS, "a person walks")


@given(any_motions())
def test_json_by_the_standard_librarys_reader(motion: Motion) -> None:
    read = standard.loads(json([('he said "hi"', motion), ("跳ぶ", motion[:1])]))
    assert (read["format"], read["version"], read["fps"]) == ("stickgen-motion", 1, FPS)
    first, second = read["clips"]
    assert (first["text"], second["text"], len(second["frames"])) == ('he said "hi"', "跳ぶ", 1)
    assert np.array(first["frames"]).reshape(len(motion), -1) == pytest.approx(np.array(motion), abs=6e-6)


def test_json_names_every_end_of_a_bone() -> None:
    read = standard.loads(json([("", performed("walk"))]))
    assert {name for bone in read["bones"] for name in bone} <= {*read["joints"], "neck"}
