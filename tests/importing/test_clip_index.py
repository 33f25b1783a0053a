"""An index meets its files although the two were written on different machines; what meets nothing is listed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from walking import walking_bvh

from stickgen.cli.data import command as data_command
from stickgen.data.split import TEST, TRAIN, VALIDATION
from stickgen.errors import StickgenError
from stickgen.importing.clip_index import Index
from stickgen.importing.clips import import_archives
from stickgen.importing.joint_names import read_joint_map

FILES = [("caps", "Walks/walk_01.bvh"), ("caps", "Walks/run.bvh"), ("caps", "Wälder/Ä.bvh")]


def index(*files: str, archive: str = "") -> Index:
    return Index(
        "i.csv", [{"file": file, "archive": archive} for file in files], list(range(2, 2 + len(files)))
    )


@pytest.mark.parametrize(
    "written",
    [
        "Walks/walk_01.bvh", "Walks\\walk_01.bvh", "walks/WALK_01.BVH", "./Walks/walk_01.bvh", "caps/Walks/walk_01.bvh",
        "caps\\Walks\\walk_01.bvh", "C:\\data\\caps\\Walks\\walk_01.bvh", "/home/me/caps/Walks/walk_01.bvh", "walk_01.bvh",
        "walk_01", "Walks/walk_01", " Walks/walk_01.bvh ", "Walks//walk_01.bvh", "caps/Walks/walk_01.BVH",
    ],
)  # fmt: skip
def test_a_path_as_another_machine_writes_it(written: str) -> None:
    matching = index(written).match(FILES)
    assert matching.row_of == {FILES[0]: 0}
    assert matching.unmet({"caps"}) == ([], {})


def test_accents_are_written_in_two_ways() -> None:
    assert index("Wa\u0308lder/A\u0308.bvh").match(FILES).row_of == {FILES[2]: 0}


@pytest.mark.parametrize(
    "written", ["other/walk_01.bvh", "alk_01.bvh", "walk_01.bvh.bak", "Walks", "walk_01.fbx"]
)
def test_another_file_is_not_met(written: str) -> None:
    matching = index(written).match(FILES)
    assert not matching.row_of
    assert matching.unmet({"caps"}) == ([f"i.csv:2: {written} matches no file"], {})


def test_a_name_that_several_have_meets_none_of_them() -> None:
    files = [("caps", "a/walk.bvh"), ("caps", "b/walk.bvh")]
    matching = index("walk.bvh").match(files)
    assert not matching.row_of
    (sentence,) = matching.unmet({"caps"})[0]
    assert "may be any of a/walk.bvh, b/walk.bvh" in sentence
    # the longer path decides, and so does the archive
    assert index("b/walk.bvh", "a/walk.bvh").match(files).row_of == {files[1]: 0, files[0]: 1}
    twice = [("one.zip", "walk.bvh"), ("two.zip", "walk.bvh")]
    assert index("walk.bvh", archive="two.zip").match(twice).row_of == {twice[1]: 0}


def test_rows_of_archives_that_were_not_given_are_counted_and_not_listed() -> None:
    assert index("x.bvh", "y.bvh", archive="other.zip").match(FILES).unmet({"caps"}) == ([], {"other.zip": 2})


TABLES = {
    "semicolons": b"file;description\nwalk.bvh;a man walks\n",
    "tabs": b"file\tdescription\nwalk.bvh\ta man walks\n",
    "UTF-16, as Excel saves it": "file\tdescription\r\nwalk.bvh\ta man walks\r\n".encode("utf-16"),
    "BOM and CRLF": b"\xef\xbb\xbffile,description\r\nwalk.bvh,a man walks\r\n",
    "lone CR": b"file,description\rwalk.bvh,a man walks\r",
    "capitals and spaces": b"File , Description\nwalk.bvh,a man walks\n",
    "quotes": b'"file","description"\n"walk.bvh","a man walks"\n',
    "another word for it": b"filename,description\nwalk.bvh,a man walks\n",
    "blank lines": b"\nfile,description\n\nwalk.bvh,a man walks\n\n",
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_as_other_programs_write_it(tmp_path: Path, table: str) -> None:
    (tmp_path / "walk.bvh").write_text(walking_bvh(frames=30))
    (tmp_path / "i.csv").write_bytes(TABLES[table])
    report = import_archives([tmp_path], index=tmp_path / "i.csv")
    assert report.clips[0].texts[0] == "a man walks"


def test_an_index_that_meets_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "walk.bvh").write_text(walking_bvh(frames=30))
    (tmp_path / "i.csv").write_text("file\njump.bvh\n")
    with pytest.raises(StickgenError, match=r"none of its 1 rows matches one of the 2 files.*jump\.bvh"):
        import_archives([tmp_path], index=tmp_path / "i.csv")


def test_subjects_and_splits_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "caps"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.bvh").write_text(walking_bvh(frames=30, seed=number))
    table = tmp_path / "i.csv"
    rows = [
        f"{n}.bvh,{n // 2},{side}" for n, side in enumerate(["train", "Training", "val", "dev", "test", ""])
    ]
    table.write_text("file,subject,split\n" + "\n".join(rows) + "\n")
    clips = import_archives([folder], index=table).clips
    assert [clip.split for clip in clips] == [TRAIN, TRAIN, VALIDATION, VALIDATION, TEST, None]
    assert [clip.subject for clip in clips] == ["/0", "/0", "/1", "/1", "/2", "/2"]
    (tmp_path / "val.txt").write_text("0\ncaps/1.bvh\n")
    report = import_archives([folder], splits={"val": tmp_path / "val.txt"})
    assert [clip.split for clip in report.clips] == [VALIDATION] * 2 + [None] * 4
    (tmp_path / "val.txt").write_text("000021\n")
    with pytest.raises(StickgenError, match=r"val\.txt: none of its 1 rows"):
        import_archives([folder], splits={"val": tmp_path / "val.txt"})
    table.write_text("file,split\n0.bvh,maybe\n")
    assert "allowed are train" in import_archives([folder], index=table).skipped[0]


@pytest.mark.parametrize("kind", ["endless", "pipe", "folder"])
@pytest.mark.parametrize("read", [Index.read, Index.read_list, lambda path: read_joint_map(str(path))])
def test_what_is_no_file_is_refused_and_not_read(
    tmp_path: Path, kind: str, read: Callable[[Path], object]
) -> None:
    path = tmp_path / "index"
    make: dict[str, Callable[[], object]] = {
        "endless": lambda: path.symlink_to("/dev/zero"),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }
    make[kind]()
    with pytest.raises(StickgenError, match="not a file|Is a directory"):
        read(path)


@pytest.mark.parametrize("rows", [1, 6, 7, 2000])
def test_an_index_of_much_else_says_the_first_and_counts_the_rest(tmp_path: Path, rows: int) -> None:
    captures = tmp_path / "captures"
    captures.mkdir()
    for number in range(12):
        (captures / f"walk_{number}.bvh").write_text(walking_bvh(seed=number / 3))
        (captures / f"torn_{number}.bvh").write_text("HIERARCHY\n")
    (captures / "index.csv").write_text(
        "file,description\nwalk_1.bvh,a walk\n" + "".join(f"other/{n}.bvh,x\n" for n in range(rows))
    )
    arguments = [
        "import",
        captures,
        "--index",
        captures / "index.csv",
        "--no-mirror",
        "-o",
        tmp_path / "made.pt",
    ]
    brief = CliRunner().invoke(data_command, [*map(str, arguments)])
    all_of_it = CliRunner().invoke(data_command, [*map(str, arguments), "--force", "--verbose"])
    assert brief.exit_code == all_of_it.exit_code == 0, brief.output
    assert all_of_it.output.count("matches no file") == rows
    assert all_of_it.output.count("index.csv:3: other/0.bvh matches no file") == 1
    assert all_of_it.output.count("skipped torn_") == 12
    assert brief.output.count("skipped torn_") == 5
    assert "skipped … and 7 more files; --verbose lists them" in brief.output
    assert brief.output.count("bvh matches no file") == (rows if rows < 7 else 5)
    assert (f"index: … and {rows - 5:,} more rows that match no file" in brief.output) == (rows > 6)
    assert "12 imported, 12 refused" in brief.output
