"""What a panel of the monitor is: a box with a name that shows what the follower has read.

Its keys work wherever the focus is: the monitor takes them up (`keys_of`) and passes each on to its panel. Its actions
are ordinary `action_…` methods, and `check_action` says which of them can be done now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message

if TYPE_CHECKING:
    from stickgen_tui.following.moment import Moment
    from stickgen_tui.following.run_follower import RunFollower


class Panel(Vertical):
    """One box of the monitor. `NAME` is also its id and what its tab says."""

    NAME: ClassVar[str]
    LEAST_COLUMNS: ClassVar[int] = 40  # fewer, and panels are stacked instead
    WEIGHT: ClassVar[int] = 1  # its share of the columns that are left over
    KEYS: ClassVar[tuple[Binding, ...]] = ()

    class Enlarge(Message):
        """Its title was clicked: show it alone, or with the others again."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class LookedAt(Message):
        """A person looks at this step here: the other panels are to show it too; None: the newest again."""

        def __init__(self, step: float | None) -> None:
            super().__init__()
            self.step = step

    class Poll(Message):
        """The follower is to look again now."""

    def __init__(self, follower: RunFollower) -> None:
        super().__init__(id=self.NAME, classes="panel")
        self.border_title = self.NAME
        self.follower = follower

    def show(self, what: frozenset[str]) -> None:
        """Draw what has changed: `what` is as `RunFollower.poll` returns it. Called with the follower's lock held."""
        raise NotImplementedError

    def set_watched(self, watched: bool) -> None:
        """Told when the monitor is covered by another screen, and when it is back."""

    def set_beside(self, seen: Sequence[str]) -> None:
        """Told which panels are in sight, this one or others."""

    def look_at(self, moment: Moment | None) -> None:
        """Show the run as it was at `moment`; None: as it is. Called with the follower's lock held."""

    def on_click(self, event: events.Click) -> None:
        """A click on the title enlarges the panel."""
        if event.widget is self and event.y == 0:
            event.stop()
            self.post_message(self.Enlarge(self.NAME))


def keys_of(panel: type[Panel]) -> tuple[Binding, ...]:
    """The panel's keys as bindings of the screen that holds it."""
    return tuple(
        Binding(
            key.key,
            f"in_panel({panel.NAME!r}, {key.action!r})",
            key.description,
            show=key.show,
            key_display=key.key_display,
            tooltip=key.tooltip,
            id=key.id or f"{panel.NAME}.{key.action}",
        )
        for key in panel.KEYS
    )
