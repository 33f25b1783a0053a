"""Files of prompts, what they ask for, and the names of what is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from stickgen.errors import StickgenError
from stickgen.generate.actions import ActionPlan
from stickgen.generate.prompts import file_name, read_prompts
from stickgen.generate.request import Request


def test_a_text_a_line(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes("\ufeffa person walks\r\n\r\n  jemand winkt, grüßt \r\n".encode())
    requests = read_prompts(path, {"seed": 3, "seconds": (2.0,)})
    assert [request.texts for request in requests] == [("a person walks",), ("jemand winkt, grüßt",)]
    assert all(request.seed == 3 and request.frames_of_each == [50] for request in requests)


def test_a_line_of_json_says_more_and_wins(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text(
        '{"text": "a person walks", "seconds": 3, "seed": 7, "guidance": 2, "steps": 4, "actions": "walk:2,wave"}\n'
        '{"text": ["a person walks", "a person waves"], "seconds": [3, null]}\n'
    )
    first, second = read_prompts(path, {"seed": 1, "steps": 9})
    assert (first.seed, first.guidance, first.steps, first.frames_of_each) == (7, 2, 4, [75])
    assert first.actions == ActionPlan((("walk", 2.0), ("wave", 1.0)))
    assert (second.seed, second.steps, second.frames_of_each) == (1, 9, [75, None])
    assert second.caption == "a person walks, then a person waves"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a person", "this is not JSON"),
        ("[1]", "a line is an object with a text"),
        ('{"seconds": 1}', "a line is an object with a text"),
        ('{"text": "a", "second": 1}', "'second' is none of its fields: text, seconds"),
        ('{"text": 1}', "text must be a text"),
        ('{"text": []}', "no text"),
        ('{"text": " "}', "a text is empty"),
        ('{"text": "\\ud800"}', "this is not UTF-8"),
        ('{"text": "a", "seconds": -1}', "-1 seconds: must be a number from 0.4 to 600"),
        ('{"text": "a", "seconds": NaN}', "nan seconds: must be"),
        ('{"text": "a", "seconds": "3"}', "3 seconds: must be"),
        ('{"text": "a", "seconds": true}', "True seconds: must be"),
        ('{"text": "a", "seconds": [1, 2]}', "2 numbers of seconds for one text"),
        ('{"text": ["a", "b"], "seconds": [400, 400]}', "800 seconds in all: ask for at most 600"),
        ('{"text": "a", "seed": -1}', "seed -1: must be a whole number"),
        ('{"text": "a", "seed": 1.5}', "seed 1.5: must be a whole number"),
        (
            '{"text": "a", "steps": 0}',
            "steps 0: must be a whole number from 1 to 1,000, as diffusion.sampling_steps",
        ),
        ('{"text": "a", "guidance": -1}', "guidance -1: must be a number from 0 to 100"),
        ('{"text": "a", "guidance": "2"}', "guidance 2: must be a number from 0 to 100"),
        ('{"text": "a", "actions": 3}', "actions must be a text such as"),
        ('{"text": "a", "actions": "walk:0"}', "action walk: its weight '0' must be a number above 0"),
        ('{"text": "a", "actions": "walk:-1"}', "its weight '-1'"),
        ('{"text": "a", "actions": "walk:nan"}', "its weight 'nan'"),
        ('{"text": "a", "actions": "walk:inf"}', "its weight 'inf'"),
        ('{"text": "a", "actions": "walk:"}', "its weight ''"),
        ('{"text": "a", "actions": "walk,,wave"}', "an action is missing"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"text": "a person walks"}\n' + line + "\n")
    with pytest.raises(StickgenError) as refused:
        read_prompts(path, {})
    assert str(refused.value).startswith(f"{path}:2: ") and says in str(refused.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it has no text"),
        (b"\n \n", "it has no text"),
        (b"caf\xe9\n", "not UTF-8"),
        (b"a\0b", "not UTF-8"),
    ],
)
def test_a_file_without_texts_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "prompts.txt"
    path.write_bytes(data)
    with pytest.raises(StickgenError, match=says):
        read_prompts(path, {})


def test_a_name_follows_from_what_decides_the_motion() -> None:
    request = Request(("A person walks: fast!",), seed=1)
    name = file_name(request, "weights")
    assert name.startswith("a-person-walks-fast-") and name == file_name(request, "weights")
    others = [
        Request(("A person walks: fast!",), seed=2),
        Request(("A person walks: fast!",), seed=1, seconds=(2.0,)),
        Request(("A person walks: fast!",), seed=1, steps=3),
        Request(("A person walks: fast!",), seed=1, actions=ActionPlan.parse("walk")),
        Request(("A person walks: fast!",), seed=1, keyframes={0: [0.5] * 20}),
        Request(("A person walks; fast!",), seed=1),
    ]
    names = {file_name(other, "weights") for other in others} | {file_name(request, "others")}
    assert len(names | {name}) == len(others) + 2
    assert file_name(Request(("…",)), "weights").startswith("motion-")
    assert len(file_name(Request(("ü" * 500,)), "w").encode()) < 120
