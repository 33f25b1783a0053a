"""A terminal that we did not write (pyte) plays the recording."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from motions import performed

from stickgen.motion.in_braille import draw_figure
from stickgen.motion.skeleton import FPS
from stickgen.motion_export.formats.asciinema import SIZE, cast

pyte = pytest.importorskip("pyte")


def played(recording: str) -> Iterator[tuple[float, list[str], bool]]:
    """The time of each event, what the terminal then shows, and whether its cursor is hidden."""
    header, *events = (json.loads(line) for line in recording.splitlines())
    screen = pyte.Screen(header["width"], header["height"])
    stream = pyte.Stream(screen)
    for time, kind, data in events:
        assert kind == "o"
        stream.feed(data)
        yield time, [line.rstrip() for line in screen.display], screen.cursor.hidden


def test_every_frame_is_on_the_terminal_when_its_time_comes() -> None:
    motion = performed("walk")
    columns, rows = SIZE
    shown = {round(time * FPS): lines for time, lines, _ in played(cast("a person walks", motion))}
    lines: list[str] = []
    for frame in range(len(motion)):
        lines = shown.get(frame, lines)  # nothing is written if nothing changed
        assert lines[0] == "a person walks"
        assert lines[1:] == [line.rstrip() for line in draw_figure(motion, frame, columns, rows - 1)]


def test_it_ends_with_the_last_frame_and_gives_the_cursor_back() -> None:
    motion = performed("wave")
    events = list(played(cast("a person waves", motion)))
    assert [hidden for _, _, hidden in events] == [True] * (len(events) - 1) + [False]
    assert events[-1][0] == pytest.approx(len(motion) / FPS)
    times = [time for time, _, _ in events]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "text", ["\x1b]0;owned\x07 walks", "two\nlines", "人が歩いている" * 20, "long " * 40, "", "e\u0301" * 80]
)
def test_a_text_stays_on_its_line_and_is_never_a_command(text: str) -> None:
    motion = performed("walk")[:3]
    recording = cast(text, motion)
    header = json.loads(recording.splitlines()[0])
    assert "\x1b" not in header["title"] and "\n" not in header["title"]
    *_, (_, lines, _) = played(recording)
    columns, rows = SIZE
    assert lines[1:] == [line.rstrip() for line in draw_figure(motion, 2, columns, rows - 1)]


def test_a_figure_that_stands_still_costs_nothing() -> None:
    pose = performed("idle")[0]
    assert len(cast("", [pose] * 250)) < 2 * len(cast("", [pose]))


def test_it_is_as_wide_and_high_as_asked() -> None:
    header, *_ = cast("", performed("walk")[:1], (20, 6)).splitlines()
    assert {"version": 2, "width": 20, "height": 6}.items() <= json.loads(header).items()
