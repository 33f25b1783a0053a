"""A screen that looks again and again at what other programs may change, in a thread of its own, while it is in front.

At rest it costs a wake-up a second and what the look costs: no timer of the screen's own thread runs, and no message is
posted unless the look found something new.
"""

from __future__ import annotations

import contextvars
import threading
from typing import ClassVar

from textual.message import Message
from textual.screen import Screen, ScreenResultType

from stickgen_tui.notices import notice
from stickgen_tui.text import clean


class LookingScreen(Screen[ScreenResultType]):
    """Its class says what a look is; `start_looking` begins."""

    LOOK_SECONDS: ClassVar[float] = 1.0  # from the end of a look to the next one

    class LookFailed(Message):
        """A look could not be made; the next one is tried all the same."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self) -> None:
        super().__init__()
        self._in_front, self._due = threading.Event(), threading.Event()
        self._ended = False
        self._found: object = None  # what was told last
        self._failed = ""  # why the last look could not be made

    def look(self) -> None:
        """Look, and `tell` of it. Runs in the thread; what it raises is said once, and it is made again."""
        raise NotImplementedError

    def tell(self, message: Message, found: object) -> None:
        """Post `message`, unless the look before has `found` the same: then what is on screen says it already."""
        if found != self._found:
            self._found = found
            self.post_message(message)

    def tell_again(self) -> None:
        """Look at once, and tell of it whatever was found before."""
        self._found = None
        self.look_now()

    def start_looking(self) -> None:
        """Look now, and then again and again while this screen is in front."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.tell_again())
        look_on = contextvars.copy_context().run
        threading.Thread(
            target=look_on, args=(self._look_on,), name=f"{type(self).__name__} looks", daemon=True
        ).start()

    def look_now(self) -> None:
        """Look at once, as soon as the look that is under way has ended."""
        self._due.set()

    def _look_on(self) -> None:
        while True:
            self._in_front.wait()
            if self._ended:
                return
            self._due.clear()
            try:
                self.look()
                self._failed = ""
            except Exception as error:  # noqa: BLE001 - whatever it is, the screen goes on, and says so
                if self._ended or not self._say_failed(clean(error, limit=300)):
                    return
            self._due.wait(self.LOOK_SECONDS)

    def _say_failed(self, sentence: str) -> bool:
        """Say it once; whether there is still somebody to hear it."""
        if sentence != self._failed:
            self._failed = sentence
            try:
                self.post_message(self.LookFailed(sentence))
            except RuntimeError:  # the app's loop has ended
                return False
        return True

    def on_screen_resume(self) -> None:
        self._in_front.set()
        self.tell_again()

    def on_screen_suspend(self) -> None:
        self._in_front.clear()

    def on_unmount(self) -> None:
        self._ended = True
        self._in_front.set()
        self._due.set()

    def on_looking_screen_look_failed(self, event: LookFailed) -> None:
        notice(self.app, event.sentence, error=True)
