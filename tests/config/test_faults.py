"""A fault of a YAML text is said at the line that is at fault, which is often one before that of the parser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stickgen.config.checking import check
from stickgen.config.loading import TrainingConfig
from stickgen.yaml_edit import Document, YamlError

BASE = 'model:\n  d_model: 64\n  nhead: 4\n\ntraining:\n  batch_size: 16   # clips\n  epochs: 40\n  # a note\n  learning_rate: 0.002\n  seed: 1\n\ndevice:\n  type: "auto"\n'


def sub(a: str, b: str) -> str:
    assert a in BASE
    return BASE.replace(a, b)


CASES: dict[str, tuple[str, str]] = {
    "nbsp": (sub("epochs: 40", "epochs:\u00a040"), "epochs:"),
    "wide colon": (sub("epochs: 40", "epochs\uff1a40"), "epochs\uff1a"),
    "no space": (sub("epochs: 40", "epochs:40"), "epochs:40"),
    "last of a section": (sub("seed: 1", "seed:1"), "seed:1"),
    "first of all": (sub("model:\n", "model\n"), "model\n"),
    "before a comment": (sub("epochs: 40", "epochs:40"), "epochs:40"),
    "equals": (sub("epochs: 40", "epochs = 40"), "epochs ="),
    "no colon": (sub("epochs: 40", "epochs 40"), "epochs 40"),
    "section nbsp": (sub("training:", "training:\u00a0"), "training:"),
    "section wide": (sub("training:", "training\uff1a"), "training\uff1a"),
    "nbsp indent": (sub("  epochs", "\u00a0 epochs"), "\u00a0 epochs"),
    "nbsp indent2": (sub("  epochs", " \u00a0epochs"), "\u00a0epochs"),
    "ideographic": (sub("epochs: 40", "epochs:\u300040"), "epochs:"),
    "zero width": (sub("epochs: 40", "epochs:\u200b 40"), "epochs:"),
    "tab": (sub("  epochs", "\tepochs"), "\tepochs"),
    "tab2": (sub("  epochs", "  \tepochs"), "\tepochs"),
    "merge": (
        sub("  epochs: 40\n", "<<<<<<< HEAD\n  epochs: 40\n=======\n  epochs: 50\n>>>>>>> branch\n"),
        "<<<<<<<",
    ),
    "merge diff3": (
        sub(
            "  epochs: 40\n",
            "<<<<<<< HEAD\n  epochs: 40\n||||||| base\n  epochs: 1\n=======\n  epochs: 50\n>>>>>>> branch\n",
        ),
        "<<<<<<<",
    ),
    "quote open": (sub('type: "auto"', 'type: "auto\n  pin_memory: true'), 'type: "auto'),
    "quote open then quote": (
        sub("  epochs: 40\n", '  stage: "full\n  epochs: 40\n  compile: "auto"\n'),
        'stage: "',
    ),
    "single open": (sub("  epochs: 40\n", "  stage: 'full\n  epochs: 40\n"), "stage: '"),
    "bracket": (sub("epochs: 40", "betas: [1, 2"), "betas: ["),
    "brace": (sub("  epochs: 40", "  betas: {a: 1"), "betas: {"),
    "smart": (sub("epochs: 40", "stage: “a: b”"), "stage: “"),
    "behind quote": (sub("epochs: 40", 'stage: "a" b'), 'stage: "a'),
    "two on a line": (sub("epochs: 40", "epochs: 40 seed: 2"), "epochs: 40"),
    "dash": (sub("  epochs: 40\n", "  betas:\n    - 1\n    -2\n    - : 3 : 4\n"), "-2"),
    "indent": (sub("  epochs: 40", "    epochs: 40"), "    epochs"),
    "dedent": (sub("  epochs: 40", " epochs: 40"), " epochs"),
    "at": (sub("epochs: 40", "epochs: @40"), "epochs: @"),
    "percent": (sub("epochs: 40", "epochs: %40"), "epochs: %"),
    "backtick": (sub("epochs: 40", "epochs: `40`"), "epochs: `"),
    "star": (sub("epochs: 40", "train: *.pt"), "train: *"),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("name", CASES)
def test_the_guilty_line_is_named(name: str, ends: str) -> None:
    text, needle = CASES[name]
    guilty = text[: text.index(needle)].count("\n") + 1
    with pytest.raises(YamlError) as raised:
        Document.parse(text.replace("\n", ends).encode(), "my.yaml")
    found = re.match(r"my\.yaml:(\d+):(\d+): (.+)\n    (.*)\n +\^", str(raised.value))
    assert found is not None and int(found.group(1)) == guilty, str(raised.value)
    assert found.group(4).strip() == text.split("\n")[guilty - 1].replace("\t", " ").strip()


WORDS = {
    "nbsp": "U+00A0 (no-break space) is no blank to YAML", "wide colon": "：.* is U+FF1A .*; write :",
    "no space": "no blank behind the colon", "merge": "a merge that was not finished", "tab": "a tab indents",
    "smart": 'U\\+201C .*; write "', "zero width": "is not seen; take it away", "quote open": "not closed",
}  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
def test_and_what_is_to_be_done(name: str) -> None:
    with pytest.raises(
        YamlError,
        match=WORDS[name].replace("(no-break space)", r"\(no-break space\)").replace("U+", r"U\+"),
    ):
        Document.parse(CASES[name][0].encode())


@pytest.mark.parametrize("case", ["fullwidth_colon", "nbsp_after_colon", "no_space"])
def test_the_cases_that_were_reported(case: str, repo: Path) -> None:
    path = repo.parent / "shared" / "cases" / "W26" / f"{case}.yaml"
    if not path.is_file():
        pytest.skip("the reported cases are not here")
    with pytest.raises(YamlError, match=r":19:"):
        TrainingConfig(path)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('device:\n  type:"auto"\n', 2, "no blank behind the colon"),
        ("epochs:40\n", 1, "no blank behind the colon"),
        ("training:\n  epochs: \u00a040\n", 2, "no-break space"),
        ("training:\n  epochs: ４０\n", 2, "write 4"),
        ("training:\n  learning_rate: \u22120.1\n", 2, "minus sign"),
        ("device:\n  type: “auto”\n", 2, "left double quotation mark"),
        ("training:\n  epochs\u200b: 3\n", 2, "zero width space"),
    ],
)
def test_what_parses_and_is_meant_otherwise(text: str, line: int, words: str) -> None:
    try:
        (problem,) = check(Document.parse(text.encode(), "my.yaml"))
    except YamlError as error:
        assert str(error).startswith(f"my.yaml:{line}:") and words in str(error)
        return
    assert problem.severity == "error" and problem.line == line and words in problem.fix


def test_a_key_with_what_is_not_seen_in_it_is_renamed_and_a_foreign_one_stays() -> None:
    document = Document.parse("training:\n  epochs\u200b: 3\nmine:\n  a–b: 1\n".encode())
    problems = check(document)
    assert [(p.severity, p.rename) for p in problems] == [("error", "epochs"), ("warning", None)]


def test_bytes_that_are_no_utf_8_have_a_line() -> None:
    with pytest.raises(YamlError, match=r"my.yaml:2:4: not UTF-8 at byte 8"):
        Document.parse(b"a: 1\nb: \xe9\n", "my.yaml")
