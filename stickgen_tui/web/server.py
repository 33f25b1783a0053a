"""The server: one process of the app for each tab, started without a shell, behind the guard, on loopback only."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from typing import Any

import aiohttp_jinja2
from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from stickgen.errors import StickgenError
from stickgen_tui.web.guard import Guard

HOST = "127.0.0.1"
MOST_TABS = 8  # each is a process of its own
FRAMES_PER_SECOND = "20"  # of textual-serve's 60; the app draws seldom
_END_SECONDS = 5.0


class AppProcess(AppService):
    """The app of one tab. Its words go to the system as they are, so that none is read by a shell."""

    def __init__(self, words: Sequence[str], **channels: Any) -> None:
        super().__init__(words[0], **channels)
        self._words = words

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        pipe = asyncio.subprocess.PIPE
        environment = self._build_environment(width, height) | {"TEXTUAL_FPS": FRAMES_PER_SECOND}
        process = await asyncio.create_subprocess_exec(
            *self._words, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
        )
        self._process, self._stdin = process, process.stdin
        return process

    async def stop(self) -> None:
        """End the app; one that does not end is ended."""
        try:
            await asyncio.wait_for(super().stop(), _END_SECONDS)
        except TimeoutError:
            if self._process is not None and self._process.returncode is None:
                self._process.terminate()


class WebServer(Server):
    """textual-serve with the guard before every request, and addresses as the browser knows them."""

    def __init__(self, words: Sequence[str], port: int) -> None:
        super().__init__(words[0], host=HOST, port=port, title="stickgen")
        self.words = words
        self.guard = Guard()
        self._tabs = 0

    @property
    def address(self) -> str:
        """What to open, with the token."""
        return f"http://{HOST}:{self.port}/?token={self.guard.token}"

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self.guard.middleware)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Nothing: the address is printed by whoever made the socket."""

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page, whose addresses are those by which the browser came."""
        here = f"http://{request.host}"
        context = {
            "font_size": min(max(to_int(request.query.get("fontsize", "16"), 16), 6), 40),
            "app_websocket_url": f"ws://{request.host}/ws",
            "config": {"static": {"url": f"{here}/static/"}},
            "application": {"name": self.title},
        }
        return aiohttp_jinja2.render_template("app_index.html", request, context)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run the app for one tab, until the tab or the app goes."""
        if self._tabs >= MOST_TABS:
            raise web.HTTPTooManyRequests(text=f"{MOST_TABS} tabs are open already; close one")
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=2**20)
        await websocket.prepare(request)
        width, height = (to_int(request.query.get(name, ""), 80) for name in ("width", "height"))
        service = AppProcess(
            self.words,
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=websocket.close,
            download_manager=self.download_manager,
        )
        self._tabs += 1
        try:
            await service.start(min(max(width, 1), 1000), min(max(height, 1), 1000))
            await self._process_messages(websocket, service)
        except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError):
            logging.getLogger("stickgen_tui.web").warning("a tab sent what is no message; it was closed")
            await websocket.close()
        finally:
            self._tabs -= 1
            await service.stop()
        return websocket


def listen(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes a free one. Raises StickgenError if the port cannot be had."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
    except OSError as error:
        made.close()
        raise StickgenError(
            f"port {port} of {HOST} cannot be had ({error.strerror}); another one: --port N, 0 for any that is free"
        ) from error
    return made


def serve(options: Sequence[str], port: int) -> None:
    """Serve the app with these options of `stickgen-tui` until Ctrl-C. Raises StickgenError without a port."""
    made = listen(port)
    words = [sys.executable, "-m", "stickgen_tui", "--in-browser", *options]
    server = WebServer(words, made.getsockname()[1])
    print(f"open this address in a browser of this machine:\n\n  {server.address}\n", flush=True)
    print("It lets whoever has it start and stop runs. Ctrl-C ends the server; runs go on.", flush=True)
    web.run_app(server._make_app(), sock=made, print=None, access_log=None, shutdown_timeout=2.0)
