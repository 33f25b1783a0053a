"""Public sets tell by their names and tables what each file shows; nobody has to write an index for them."""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from smpl_walk import amass, place
from walking import walking_bvh

from stickgen.data.actions import ACTION_INDEX
from stickgen.data.clip import Clip
from stickgen.data.split import TEST, TRAIN
from stickgen.importing.clips import ImportReport, import_archives
from stickgen.importing.journal import Journal
from stickgen.importing.sentences import action_told


def imported(path: Path) -> tuple[dict[str, Clip], ImportReport]:
    report = import_archives([path])
    return {clip.name.rpartition("/")[2]: clip for clip in report.clips}, report


def walks(*names: str, frames: int = 60) -> dict[str, str | bytes]:
    """A walk for each name, each of another length so that none is there twice."""
    return {name: walking_bvh(frames=frames + 2 * number) for number, name in enumerate(names)}


def actions(clip: Clip) -> set[int]:
    return set(clip.actions.tolist())


def table(*rows: Sequence[str], end: str = "\r\n") -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("name", ["set", "set.zip"])
def test_bandai_namco(tmp_path: Path, name: str) -> None:
    names = (
        "dataset-1_walk_angry_001",
        "dataset-1_wash-self_normal_002",
        "dataset-2_raise-up-both-hands_elderly_003",
    )
    files = walks(*(f"data/{name}.bvh" for name in names))
    clips, report = imported(place(tmp_path / name, files))
    angry, wash, hands = (clips[f"{name}.bvh"] for name in names)
    assert "a person walks forward angrily" in angry.texts
    assert actions(angry) == {ACTION_INDEX["walk"]}
    assert actions(wash) == {ACTION_INDEX["wash"]}
    assert hands.texts == ["raise up both hands, elderly"]
    assert hands.licence.endswith("CC BY-NC 4.0")
    assert report.skipped == []


def test_lafan1(tmp_path: Path) -> None:
    clips, _ = imported(
        place(
            tmp_path / "x", walks("walk1_subject5.bvh", "fallAndGetUp2_subject1.bvh", "walkies1_subject1.bvh")
        )
    )
    walk, fall, other = (
        clips[name] for name in ("walk1_subject5.bvh", "fallAndGetUp2_subject1.bvh", "walkies1_subject1.bvh")
    )
    assert walk.texts[0] == "a person walks"
    assert (walk.split, walk.subject, actions(walk)) == (TEST, "LAFAN1/5", {ACTION_INDEX["walk"]})
    assert fall.texts == ["a person falls down and gets up again"]
    assert (fall.split, actions(fall)) == (TRAIN, {-1})
    assert (other.source, other.split) == ("x", None)  # not of the set


INDEX = (
    "CMU Graphics Lab Motion Capture Database\r\n\r\nSubject #2 (various expressions and human behavior)\r\n"
    "02_01\twalk\r\n02_02\tpunch/strike, then walk\r\n"
)  # fmt: skip


@pytest.mark.parametrize("kind", ["text", "columns"])
def test_cmu(tmp_path: Path, kind: str) -> None:
    files = walks("data/002/02_01.bvh", "data/002/02_02.bvh", "mine/77_01.bvh")
    if kind == "text":
        files["cmu-mocap-index-text.txt"] = INDEX
    else:
        rows = (
            ("subject", "trial", "description", "fps"),
            ("2", "1", "walk", "30"),
            ("2", "2", "punch/strike, then walk", "x"),
            ("?",),
        )
        files["descriptions.csv"] = table(*rows[:2], ("2", "2", rows[2][2], ""), *rows[3:])
    clips, report = imported(place(tmp_path / "x", files))
    walk, several, mine = (clips[name] for name in ("02_01.bvh", "02_02.bvh", "77_01.bvh"))
    assert walk.texts[0] == "walk"
    assert (walk.subject, actions(walk)) == ("CMU/2", {ACTION_INDEX["walk"]})
    assert "mocap.cs.cmu.edu" in walk.licence
    assert several.texts == ["punch/strike, then walk"]
    assert actions(several) == {-1}  # more than one thing
    assert mine.licence == "unknown"  # a name like CMU's says nothing of whose it is
    assert report.skipped == []
    assert any(line.endswith("1 used") for line in report.account.lines())


def test_descriptions_of_cmu_are_captions_without_remarks(tmp_path: Path) -> None:
    """Which of two people is shown is no caption, and neither is that nobody knows."""
    files = walks("18_01.bvh", "18_02.bvh", "18_03.bvh")
    files["cmu-mocap-index-text.txt"] = (
        "Subject #18 (human interaction (2 subjects - subject A))\n18_01\twalk, shake hands (2 subjects - subject A)\n"
        "18_02\tUnknown\n18_03\twalk (with a stick)\n"
    )
    clips, _ = imported(place(tmp_path / "cmu", files))
    assert [clip.texts[0] for clip in clips.values()] == ["walk, shake hands", "18 02", "walk (with a stick)"]
    assert {clip.subject for clip in clips.values()} == {"CMU/18"}


def test_cmu_within_amass_keeps_the_licence_of_amass(tmp_path: Path) -> None:
    amass(tmp_path / "AMASS" / "CMU" / "02" / "02_01_poses.npz")
    place(tmp_path / "AMASS", {"cmu-mocap-index-text.txt": INDEX})
    clips, _ = imported(tmp_path / "AMASS")
    clip = clips["02_01_poses.npz"]
    assert clip.texts[0] == "walk"
    assert clip.licence.startswith("AMASS")
    assert clip.subject == "AMASS CMU/02"


def test_100style(tmp_path: Path) -> None:
    files = walks(
        *(
            f"100STYLE/{name}.bvh"
            for name in ("BigSteps/BigSteps_FW", "BigSteps/BigSteps_BR", "Neutral/Neutral_ID")
        ),
        frames=120,
    )
    files |= {
        "100STYLE/Frame_Cuts.csv": table(
            ("STYLE_NAME", "FW_START", "FW_STOP", "BR_START", "BR_STOP"), ("BigSteps", "20", "99", "N/A", "N/A"),
            ("Neutral", "", "", "500", "400"),
        ),
        "100STYLE/Dataset_List.csv": table(("Style Name", "Description"), ("BigSteps", "Taking large steps.")),
    }  # fmt: skip
    clips, report = imported(place(tmp_path / "x", files))
    forward, backward, idle = (clips[f"{name}.bvh"] for name in ("BigSteps_FW", "BigSteps_BR", "Neutral_ID"))
    assert forward.texts == [
        "a person walks forward in the big steps style", "a person walks forward: Taking large steps",
        "someone takes a walk in the big steps style",
    ]  # fmt: skip
    assert len(forward.motion) == 66  # 80 frames at 30 a second
    assert actions(forward) == {ACTION_INDEX["walk"]}
    assert len(backward.motion) == 101
    assert backward.texts == [
        "a person runs backwards in the big steps style",
        "a person runs backwards: Taking large steps",
    ]
    assert actions(backward) == {-1}
    assert idle.texts == ["a person stands on the spot"]
    assert report.skipped == []


def test_a_cut_that_lies_after_the_end_is_said(tmp_path: Path) -> None:
    files = walks("100STYLE/Old/Old_FW.bvh", "100STYLE/Old/Old_ID.bvh")
    files["Frame_Cuts.csv"] = table(("STYLE_NAME", "FW_START", "FW_STOP"), ("Old", "900", "1000"))
    clips, report = imported(place(tmp_path / "x", files))
    assert list(clips) == ["Old_ID.bvh"]
    assert "cuts it to frames 900 to 1000, but it has 60" in report.skipped[0]


BASE = "neutral_walk_ff_180_R_002__A535"
COLUMNS = (
    "filename", "is_mirror", "actor_uid", "content_type_of_movement", "content_natural_desc_1", "content_natural_desc_2",
    "content_short_description",
)  # fmt: skip
ROWS = (
    (BASE, "False", "A535", "walking", "A person walks and turns.", "He | she walks.", "walk"),
    (BASE + "_M", "True", "A535", "walking", "A person walks and turns.", "", "walk"),
    ("gesture_001__A101", "False", "A101", "gesture", "A person waves.", "", "waves"),
    ("lost__A101", "False", "A101", "gesture", "Not there.", "", ""),
)
EVENTS = [
    {"filename": BASE, "num_events": 2, "events": [
        {"start_time": 0.0, "end_time": 1.0, "description": "walks forward"},
        {"start_time": 1.0, "end_time": 2.0, "description": "slowly turns around"},
        {"start_time": 1.5, "end_time": 1.5, "description": "nothing"},
        {"start_time": 1.5, "end_time": "Infinity", "description": "jumps for ever"},
    ]},
    {"filename": "lost__A101", "events": []},
]  # fmt: skip
SEED = (
    f"soma_uniform/bvh/240101/{BASE}.bvh", f"soma_uniform/bvh/240101/{BASE}_M.bvh", "soma_uniform/bvh/240102/gesture_001__A101.bvh",
    f"soma_proportional/bvh/240101/{BASE}.bvh",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_bones_seed(tmp_path: Path, kind: str) -> None:
    folder = place(tmp_path / "bones-seed", walks(*SEED, frames=90))
    place(folder, {"metadata/seed_metadata_v002_temporal_labels.jsonl": "\r\n".join(map(json.dumps, EVENTS))})
    if kind == "csv":
        place(folder, {"metadata/seed_metadata_v004.csv": table(COLUMNS, *ROWS)})
    else:
        _parquet(folder / "metadata" / "seed_metadata_v004.parquet")
    clips, report = imported(folder)
    assert sorted(clips) == ["gesture_001__A101.bvh", f"{BASE}.bvh"]
    walk, wave = clips[f"{BASE}.bvh"], clips["gesture_001__A101.bvh"]
    assert walk.texts[:3] == ["A person walks and turns.", "He   she walks.", "walk"]
    assert walk.subject == "BONES-SEED/A535"
    turn = walk.actions.tolist().index(ACTION_INDEX["turn"])
    assert set(walk.actions[:turn].tolist()) == {ACTION_INDEX["walk"]}
    assert set(walk.actions[turn + 1 : turn + 24].tolist()) == {ACTION_INDEX["turn"]}
    assert actions(wave) == {ACTION_INDEX["wave"]}
    assert report.skipped == []
    told = "\n".join(report.account.lines())
    assert "1 mirror images left out" in told
    assert "1 there in soma_uniform too" in told


def _parquet(path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {name: list(values) for name, values in zip(COLUMNS, zip(*ROWS, strict=True), strict=True)}
    parquet.write_table(pyarrow.table({**columns, "is_mirror": [row[1] == "True" for row in ROWS]}), path)


def test_parquet_without_its_reader_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place(tmp_path / "seed", {**walks(SEED[0]), "seed_metadata_v004.parquet": b"PAR1"})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    clips, report = imported(folder)
    assert len(clips) == 1
    (sentence,) = report.skipped
    assert "pip install 'stickgen[parquet]'" in sentence


DAMAGED = {
    "cut parquet": ("seed_metadata_v004.parquet", "PAR1 and no more", "cut short or damaged"),
    "other csv": ("seed_metadata_v004.csv", "a,b\n1,2\n", "no column `filename`"),
    "cut jsonl": ("seed_metadata_v002_temporal_labels.jsonl", json.dumps(EVENTS[0])[:90], "labels.jsonl:1: not a line"),
    "odd jsonl": ("seed_metadata_v002_temporal_labels.jsonl", json.dumps(EVENTS[1]) + "\n" + json.dumps({"filename": BASE, "events": 3}), "labels.jsonl:2:"),
    "no columns": ("Frame_Cuts.csv", "", "no columns"),
    "endless field": ("Frame_Cuts.csv", "STYLE_NAME,FW_START\n" + '"' + "x" * 3_000_000, "Frame_Cuts.csv"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_table_is_said_and_the_motions_come_in(tmp_path: Path, case: str) -> None:
    if case == "cut parquet":
        pytest.importorskip("pyarrow")
    name, text, said = DAMAGED[case]
    good = {"seed_metadata_v003.csv": table(COLUMNS, *ROWS)} if case != "cut parquet" else {}
    clips, report = imported(place(tmp_path / "x", {**walks(SEED[0]), name: text, **good}))
    (sentence,) = report.skipped
    assert said in sentence
    assert (clips[f"{BASE}.bvh"].texts[0] == "A person walks and turns.") == bool(good)
    assert any("1 unreadable" in line for line in report.account.lines())


def test_an_index_of_the_user_goes_first(tmp_path: Path) -> None:
    folder = place(tmp_path / "x", walks("dataset-1_walk_angry_001.bvh"))
    index = tmp_path / "index.csv"
    index.write_text(table(("file", "action", "licence"), ("dataset-1_walk_angry_001.bvh", "run", "")))
    (clip,) = import_archives([folder], index=index).clips
    assert "a person runs angrily" in clip.texts
    assert clip.licence.endswith("CC BY-NC 4.0")


def test_a_table_that_changed_is_read_again(tmp_path: Path) -> None:
    """An import that is ended goes on from its journal, but not with what the table said before."""
    folder = place(tmp_path / "x", {**walks("02_01.bvh", "02_02.bvh"), "cmu-mocap-index-text.txt": INDEX})
    first = Journal(tmp_path / "a.journal")
    import_archives([folder], journal=first)
    first.close()
    place(folder, {"cmu-mocap-index-text.txt": INDEX.replace("02_01\twalk", "02_01\tstroll")})
    again = Journal(tmp_path / "a.journal")
    report = import_archives([folder], journal=again)
    assert [clip.texts[0] for clip in report.clips] == ["stroll", "punch/strike, then walk"]
    assert again.found == 1


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("walk", "walk"), ("walks forward", "walk"), ("A person slowly turns around.", "turn"), ("waving", "wave"),
        ("he claps his hands", "clap"), ("clapping", "clap"), ("punches", "punch"), ("stands up from a chair", "stand_up"),
        ("jumping jacks", "jumping_jack"), ("carries a box", ""), ("", ""), ("the", ""), ("teleports", ""),
    ],
)  # fmt: skip
def test_the_action_of_a_sentence(text: str, action: str) -> None:
    assert action_told(text) == action


def test_a_sentence_about_several_things_is_no_action() -> None:
    assert action_told("walk, turn in place", whole=True) == ""
    assert action_told("run/jog", whole=True) == ""
    assert action_told("walk backwards", whole=True) == "walk_backward"


@pytest.mark.real_data
def test_the_real_sets_need_no_index(real_data: Path, tmp_path: Path) -> None:
    """Bandai-Namco by its names, CMU by its own table: captions as the index gives them."""
    files: dict[str, str | bytes] = {
        "cmu_descriptions.csv": (real_data / "texts" / "cmu_descriptions.csv").read_bytes()
    }
    for archive, wanted in {
        "cmu_bvh.zip": ("02/02_01", "16/16_2"),
        "bandai_namco_1.zip": ("bow_sad_001", "respond_proud_001", "call_normal_001"),
    }.items():
        with zipfile.ZipFile(real_data / "motions" / archive) as source:
            files |= {
                name: source.read(name) for name in source.namelist() if any(part in name for part in wanted)
            }
    clips, report = imported(place(tmp_path / "x", files))
    with (real_data / "index.csv").open() as index:
        rows = {row["file"].rpartition("/")[2]: row for row in csv.DictReader(index)}
    assert len(clips) >= 3
    for name, clip in clips.items():
        if "Bandai" in clip.source:
            assert clip.texts[0].startswith("a person ")
            assert rows[name]["style"] in name
        else:
            assert clip.texts[0] == rows[name]["description"]
            assert clip.subject == f"CMU/{rows[name]['subject']}"
    assert report.skipped == []
