"""What readers of YAML 1.1 and 1.2 differ on is found, and fixed so that they agree, with every other byte kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readers import CORPUS, flat, read_1_1, read_1_2, readable

from stickgen.config.checking import check
from stickgen.config.presets import preset_names, preset_path
from stickgen.config.schema import is_truth
from stickgen.yaml_edit import Document, EditRefusedError, findings, fixed


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1e-4", "1.0e-4"), ("2E5", "2.0E+5"), ("12e03", "1.2e+4"), ("017", "17"), ("0o17", "15"), ("08", "8"),
        ("on", '"on"'), ("No", '"No"'), ("12:30", '"12:30"'), ("1:30:00", '"1:30:00"'), ("2020-01-01", '"2020-01-01"'),
        ("1_000", None), ("0x1F", None), ("1.0e-4", None), ("true", None), ("~", None), ("word", None), ("1.5", None),
        ("'on'", None), ("y", None), ("k[", None), ("=", '"="'),
    ],
)  # fmt: skip
def test_values_that_readers_differ_on(text: str, written: str | None) -> None:
    data = f"a: {text} # why\nb: 1\n".encode()
    assert [finding.written for finding in findings(data, "c")] == ([] if written is None else [written])
    new = fixed(data, "c")
    shorter = max(len(text) - len(written or text), 0)  # the comment keeps its column
    assert new == data.replace(text.encode(), (written or text).encode() + b" " * shorter, 1)
    assert findings(new, "c") == []
    assert repr(read_1_1(new)) == repr(read_1_2(new))


def test_a_truth_of_1_1_becomes_one_where_the_key_wants_it() -> None:
    data = b"diffusion:\n  enabled: off    # cheaper\ndevice:\n  pin_memory: Yes\n"
    assert (
        fixed(data, "c", is_truth)
        == b"diffusion:\n  enabled: false  # cheaper\ndevice:\n  pin_memory: true\n"
    )
    problems = check(Document.parse(data))
    assert [problem.edit for problem in problems] == [
        ("diffusion.enabled", False),
        ("device.pin_memory", True),
    ]
    assert problems[0].fix == "write false"


def test_of_a_repeated_key_the_last_stays() -> None:
    data = b"a:\n  x: 1  # first\n  y: 2\n  x: 3  # second\nb: {x: 1, x: 2, y: 3}\na:\n  z: 4\n"
    said = [finding.sentence("c.yaml") for finding in findings(data, "c.yaml")]
    assert said[0].startswith("c.yaml:1:1: a: is there again on line 6")
    assert said[0].endswith("; remove it")
    new = fixed(data, "c")
    assert new == b"b: {x: 2, y: 3}\na:\n  z: 4\n"
    assert read_1_1(new) == read_1_1(data)


def test_an_anchor_in_a_repeated_key_is_refused() -> None:
    with pytest.raises(EditRefusedError, match="holds an anchor in use"):
        fixed(b"a: &x 1\na: 2\nb: *x\n", "c")


@pytest.mark.parametrize("path", CORPUS, ids=[path.name for path in CORPUS])
def test_the_corpus_after_mending_reads_alike(path: object) -> None:
    from pathlib import Path

    assert isinstance(path, Path)
    data = path.read_bytes()
    if path.name == "tabs_after.yaml":
        return
    new = fixed(data, path.name)
    assert fixed(new, path.name) == new
    assert findings(new, path.name) == []
    if readable(read_1_1, new) and readable(read_1_2, new):
        assert repr(flat(read_1_1(new))) == repr(flat(read_1_2(new)))


@pytest.mark.parametrize("name", preset_names())
def test_shipped_configs_read_alike(name: str) -> None:
    data = preset_path(name).read_bytes()
    assert findings(data, name) == []
    assert read_1_1(data) == read_1_2(data)


_plain = st.from_regex(r"[-+0-9.:_eEoxonfsyYN~]{1,9}", fullmatch=True)


@given(st.lists(_plain, min_size=1, max_size=4))
def test_any_plain_text_reads_alike_after_mending(texts: list[str]) -> None:
    data = "".join(f"k{i}: {text}\n" for i, text in enumerate(texts)).encode()
    if not readable(read_1_2, data):
        return
    new = fixed(data, "c")
    assert repr(read_1_1(new)) == repr(read_1_2(new)), new
