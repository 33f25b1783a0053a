"""What the editor has room for at each width, and what a click there does."""

from __future__ import annotations

import pytest
from on_screen import screen_text, until
from test_form import in_editor
from textual.widgets._toast import ToastRack

from stickgen.config.schema import KEYS
from stickgen.runs.store import Run
from stickgen_tui.app import StickgenApp
from stickgen_tui.following.run_summary import RunSummary
from stickgen_tui.notices import notice
from stickgen_tui.widgets.columns import ARROWS, columns
from stickgen_tui.widgets.field import Field
from stickgen_tui.widgets.form import Form
from stickgen_tui.widgets.launch_card import LaunchCard
from stickgen_tui.widgets.other_keys import GroupTitle
from stickgen_tui.widgets.run_table import RunTable
from stickgen_tui.widgets.yaml_view import YamlView, coloured, recoloured


@pytest.mark.parametrize("width", [78, 66, 98, 148])
def test_no_key_and_no_value_that_has_room_is_cut(width: int) -> None:
    for key in KEYS:
        for wanted in (3, len(str(key.default))):
            place = columns(width, wanted)
            assert len(key.name) + 3 <= place.name
            assert place.value - ARROWS >= min(wanted, width - place.name - ARROWS)
            assert place.name + place.value + place.comment <= width


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_rows_show_whole_keys_and_paths(app: StickgenApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await in_editor(pilot)
        for field in screen.query(Field):
            if field.group:
                assert field.key.name in field.render().plain
        path = screen.query_one("#field-data-curated_pretrain_data", Field)
        if size[0] != 120:  # where the file beside the form leaves a row less than at 80 columns
            assert "data/curated/pretrain_data_embedded.pt" in path.render().plain


async def test_the_bar_has_diff_and_the_way_back_at_80_columns(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await in_editor(pilot)
        bar = screen_text(app).splitlines()[-1]
        for key in ("^s Save", "F5 Launch", "/ Find", "d Diff", "esc Back", "? Help", "^p palette"):
            assert key in bar


async def test_a_click_on_a_line_of_the_file_or_a_heading_goes_to_its_row(app: StickgenApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_editor(pilot)
        view = screen.query_one(YamlView)
        lines = screen._session.document.text.splitlines()
        number = next(n for n, line in enumerate(lines) if "num_layers" in line)
        await pilot.click(view, offset=(10, number - view.scroll_offset.y))
        await until(
            pilot, lambda: isinstance(screen.focused, Field) and screen.focused.key.name == "num_layers"
        )
        await pilot.click(view, offset=(10, 0))  # a comment: no row
        await pilot.click([title for title in screen.query(GroupTitle) if title.group == "training"][0])
        first = next(key for key in KEYS if key.group == "training")
        await until(pilot, lambda: isinstance(screen.focused, Field) and screen.focused.key == first)


async def test_a_notice_leaves_the_forecast_free(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        screen = await in_editor(pilot)
        notice(
            app,
            "a long notice that says something of what was just done, and how to take it back",
            error=True,
        )
        await until(pilot, lambda: "a long notice" in screen_text(app))
        rack, forecast = screen.query_one(ToastRack), screen.query_one("#forecast")
        assert not rack.region.overlaps(forecast.region)
        assert "peak on cpu" in screen_text(app)


async def test_a_path_is_typed_in_a_box_as_wide_as_its_row(app: StickgenApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await in_editor(pilot)
        row = screen.query_one("#field-data-train_data", Field)
        screen.query_one(Form).go_to(row)
        await pilot.press("enter")
        await until(pilot, lambda: row.typing and row.children[0].size.width > 40)


async def test_home_cuts_no_column_and_no_card_at_80_columns(app: StickgenApp, run: Run) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "finished" in screen_text(app) and "1.3 M parameters" in screen_text(app))
        table, card = app.screen.query_one(RunTable), app.screen.query_one(LaunchCard)
        assert table.virtual_size.width <= table.size.width
        assert "1,000/1,000" in screen_text(app)
        assert card.virtual_size.height <= card.size.height


async def test_a_long_run_says_its_step_whole(app: StickgenApp, run: Run) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.screen.query_one(RunTable)
        await until(pilot, lambda: table.row_count == 1)
        for step, total, said in (
            (1_100, 100_000, "1,100/100,000"),
            (99_999, 100_000, "99,999 99%"),
            (100_000, 100_000, "100,000 100%"),
        ):
            summary = RunSummary("a run", "running", step, total, None, None)
            assert table._cells(summary)["step"].plain == said


def test_only_the_changed_line_is_coloured_anew_and_looks_the_same() -> None:
    text = "# a\nmodel:\n  d_model: 128  # width\n  nhead: 4\n"
    changed = text.replace("128", "256")
    before = coloured(text)
    again = recoloured(text, before, changed)
    assert again is not None and again[0] is before[0] and again[2] is not before[2]
    assert [(line.plain, line.spans) for line in again] == [
        (line.plain, line.spans) for line in coloured(changed)
    ]
    assert recoloured(text, before, text + "more: 1\n") is None
    assert (
        recoloured("a: |\n  one\n  two\n", coloured("a: |\n  one\n  two\n"), "a: |\n  one\n  six\n") is None
    )
