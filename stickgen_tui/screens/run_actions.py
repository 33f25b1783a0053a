"""What is done to runs from a table of them: each the same function of the engine as its command calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content

from stickgen.catalogue.entry import Entry
from stickgen.errors import StickgenError
from stickgen.quantities import byte_text, counted
from stickgen.runs.labels import change_tags, write_note
from stickgen_tui.comparing.columns import short_name
from stickgen_tui.notices import notice
from stickgen_tui.opens import opens
from stickgen_tui.screens.name import NameScreen
from stickgen_tui.screens.question import QuestionScreen
from stickgen_tui.text import clean, foreign, one_line

if TYPE_CHECKING:
    from textual.screen import Screen

    _Base = Screen[None]
else:
    _Base = object


class RunActions(_Base):
    """Actions on `targets()`, mixed into a screen that shows runs."""

    def targets(self) -> list[Entry]:
        """The runs that are meant."""
        raise NotImplementedError

    def changed(self, entries: Sequence[Entry]) -> None:
        """They are not what they were."""
        raise NotImplementedError

    @work(group="ask", exclusive=True)
    async def action_tag(self) -> None:
        entries = self.targets()
        if not entries:
            return
        said = await self.app.push_screen_wait(
            NameScreen(f"Tags for {_which(entries)}", "+", "+baseline gives one, -draft takes it off")
        )
        words = [word for word in (said or "").split() if word.strip("+-")]
        add = [word.removeprefix("+") for word in words if not word.startswith("-")]
        remove = [word[1:] for word in words if word.startswith("-")]
        if words:
            self._done(entries, lambda entry: change_tags(entry.run, add=add, remove=remove))

    @work(group="ask", exclusive=True)
    async def action_note(self) -> None:
        entries = self.targets()[:1]
        if not entries:
            return
        said = await self.app.push_screen_wait(
            NameScreen(
                f"Note to {_which(entries)}",
                clean(entries[0].labels.note, single_line=True),
                "a - alone takes the note off",
            )
        )
        if said:
            self._done(entries, lambda entry: write_note(entry.run, "" if said == "-" else said))

    def _done(self, entries: Sequence[Entry], do: Callable[[Entry], object]) -> None:
        try:
            for entry in entries:
                do(entry)
        except (StickgenError, OSError) as error:
            notice(self.app, error, error=True)
        self.changed(entries)

    @work(group="ask", exclusive=True)
    async def action_fork(self) -> None:
        from stickgen.catalogue.forking import fork_config

        entries = self.targets()[:1]
        if not entries:
            return
        run = entries[0].run
        folder = Path("configs") if Path("configs").is_dir() else Path()
        said = await self.app.push_screen_wait(
            NameScreen("The config to write", str(folder / f"{clean(run.name.rpartition('/')[2])}.yaml"))
        )
        if not said:
            return
        try:
            made = fork_config(run, Path(said))
        except StickgenError as error:
            notice(self.app, error, error=True)
            return
        if made.changed:
            notice(self.app, f"{', '.join(made.changed)}: as changed while it trained")
        opens(self.app).open_editor(Path(said))

    @work(group="ask", exclusive=True)
    async def action_export(self) -> None:
        entries = self.targets()
        if not entries:
            return
        form = await self.app.push_screen_wait(
            QuestionScreen(
                f"Export {_which(entries)}",
                "The metrics, for other programs. What a resumed run did again stands there once.",
                [("c", "Table"), ("j", "JSON"), ("t", "TensorBoard")],
            )
        )
        form = {"c": "csv", "j": "json", "t": "tensorboard"}.get(form, "")
        if not form:
            return
        ending = "" if form == "tensorboard" else f".{form}"
        several = len(entries) > 1
        usual = "." if several else f"{clean(entries[0].run.name)}{ending or '-events'}"
        title = "The folder to write into" if several else "What to write"
        said = await self.app.push_screen_wait(NameScreen(title, usual))
        if said:
            names = [Path(said) / f"{entry.run.name}{ending or '-events'}" for entry in entries]
            self._export(entries, names if several else [Path(said)], form)

    @work(thread=True, group="write", exit_on_error=False)
    def _export(self, entries: Sequence[Entry], paths: Sequence[Path], form: str) -> None:
        from stickgen.catalogue.exporting import export_run

        try:
            count = sum(export_run(entry, path, form) for entry, path in zip(entries, paths, strict=True))
        except (StickgenError, OSError) as error:
            self.app.call_from_thread(notice, self.app, error, error=True)
            return
        where = str(paths[0]) if len(paths) == 1 else counted(len(paths), "file")
        self.app.call_from_thread(notice, self.app, f"{where}: {counted(count, 'record')}")

    @work(group="ask", exclusive=True)
    async def action_prune(self) -> None:
        import asyncio

        from stickgen.runs.pruning import carry_out, plan_pruning

        entries = self.targets()
        plans, refused = [], []
        for entry in entries:
            try:
                plans.append(await asyncio.to_thread(plan_pruning, entry.run, keep=1))
            except StickgenError as error:
                refused.append(clean(error))
        plans = [plan for plan in plans if plan.removed]
        if not plans:
            notice(
                self.app, refused[0] if refused else "there is no checkpoint to remove", error=bool(refused)
            )
            return
        lines = [
            f"{clean(plan.run.name, single_line=True, limit=50)}: {counted(len(plan.removed), 'checkpoint')}, "
            f"{byte_text(plan.bytes)}; {len(plan.kept)} stay"
            for plan in plans
        ] + refused
        freed = byte_text(sum(plan.bytes for plan in plans))
        answer = await self.app.push_screen_wait(
            QuestionScreen(
                f"Free {freed}?",
                Content("The newest whole checkpoint and the best one stay.\n\n" + "\n".join(lines)),
                [("b", "Back"), ("y", "Remove them")],
            )
        )
        if answer != "y":
            return
        try:
            total = [await asyncio.to_thread(carry_out, plan) for plan in plans]
            notice(self.app, f"{byte_text(sum(total))} freed")
        except StickgenError as error:
            notice(self.app, error, error=True)
        self.changed(entries)

    @work(group="ask", exclusive=True)
    async def action_delete(self) -> None:
        import asyncio

        from stickgen.runs.launch import remove_run
        from stickgen.runs.layout import strange_entries

        entries = self.targets()
        if not entries:
            return
        body = Content("")
        for entry in entries[:8]:
            body += (
                one_line(entry.run.path, "bold") + f"\n  {counted(len(entry.run.checkpoints), 'checkpoint')}"
            )
            if strange := strange_entries(entry.run.path):
                body += foreign(
                    f", and what is not of stickgen: {', '.join(strange)}", "$text-warning", limit=300
                )
            body += "\n"
        if len(entries) > 8:
            body += f"and {len(entries) - 8} more"
        answer = await self.app.push_screen_wait(
            QuestionScreen(f"Delete {_which(entries)}?", body, [("b", "Back"), ("y", "Delete")])
        )
        if answer != "y":
            return
        gone = 0
        for entry in entries:
            try:
                await asyncio.to_thread(remove_run, entry.run)
                gone += 1
            except StickgenError as error:
                notice(self.app, error, error=True)
        if gone:
            notice(self.app, f"{counted(gone, 'run')} deleted")
        self.changed(())


def _which(entries: Sequence[Entry]) -> str:
    """The name of a run, or how many they are."""
    if len(entries) == 1:
        return clean(short_name(entries[0]), limit=50)
    return f"{len(entries)} runs"
