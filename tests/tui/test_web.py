"""The app in a browser: on loopback alone, for who has the token, and for no page of another site."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSServerHandshakeError
from aiohttp.test_utils import TestServer

from stickgen.errors import StickgenError
from stickgen_tui import cli
from stickgen_tui.web.server import HOST, WebServer, listen

ECHO = (
    "import json, sys; out = sys.stdout.buffer; said = json.dumps(sys.argv[1:]).encode(); "
    "out.write(b'__GANGLION__\\nD' + len(said).to_bytes(4, 'big') + said); out.flush(); sys.stdin.read()"
)
ODD = ["--config=/tmp/a b;$(touch pwned)`x`'\"\n/c.yaml", "--run=-x && y", "*"]


@asynccontextmanager
async def served() -> AsyncIterator[tuple[WebServer, ClientSession, str]]:
    """A server whose app says its own arguments; a client without cookies; its address."""
    server = WebServer([sys.executable, "-c", ECHO, *ODD], 0)
    test_server = TestServer(await server._make_app(), host=HOST)
    await test_server.start_server()
    async with ClientSession() as client:
        yield server, client, f"http://{HOST}:{test_server.port}"
    await test_server.close()


async def status(client: ClientSession, url: str, **headers: str) -> int:
    """The status of an answer, redirects not followed."""
    async with client.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status


async def test_the_token_is_asked_for_once_and_does_not_stay_in_the_address() -> None:
    async with served() as (server, client, base):
        for path in (
            "/",
            "/?token=wrong",
            "/?token=",
            "/static/js/textual.js",
            "/download/x",
            "/ws",
            "/none",
        ):
            assert await status(client, base + path) == 403, path
        assert await status(client, f"{base}/static/js/textual.js?token={server.guard.token}") == 403
        async with client.get(f"{base}/?token={server.guard.token}", allow_redirects=False) as first:
            assert (first.status, first.headers["Location"]) == (303, "/")
            cookie = first.cookies[server.guard.cookie]
        assert cookie["httponly"] and cookie["samesite"] == "Strict"
        said = {"Cookie": f"{server.guard.cookie}={server.guard.token}"}
        async with client.get(base, headers=said) as page:
            text = await page.text()
            assert page.status == 200 and "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert f"ws://{base.removeprefix('http://')}/ws" in text and server.guard.token not in text
        assert await status(client, f"{base}/static/js/textual.js", **said) == 200


async def test_a_foreign_host_or_origin_is_refused_although_it_has_the_token() -> None:
    async with served() as (server, client, base):
        said = {"Cookie": f"{server.guard.cookie}={server.guard.token}"}
        port = base.rpartition(":")[2]
        for host in (
            f"evil.example:{port}",
            "evil.example",
            "127.0.0.1.evil.example",
            "",
            f"a@127.0.0.1:{port}",
        ):
            assert await status(client, base, **said, Host=host) in {400, 403}, host
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"https://127.0.0.1:{port}"):
            assert await status(client, base, **said, Origin=origin) == 403, origin
        tunnel = {"Host": "localhost:9999"}  # as by ssh -L 9999
        assert await status(client, base, **said, **tunnel, Origin="http://localhost:9999") == 200


async def test_a_websocket_needs_origin_and_cookie_and_runs_the_app_without_a_shell(tmp_path: Path) -> None:
    async with served() as (server, client, base):
        said = {"Cookie": f"{server.guard.cookie}={server.guard.token}"}
        for headers in ({}, said, {"Origin": base}, {**said, "Origin": "http://evil.example"}):
            with pytest.raises(WSServerHandshakeError) as refused:
                await client.ws_connect(f"{base}/ws", headers=headers)
            assert refused.value.status == 403
        async with client.ws_connect(f"{base}/ws?width=x&height=-3", headers={**said, "Origin": base}) as tab:
            assert json.loads(await tab.receive_bytes(timeout=20)) == ODD
            await tab.send_str('{"no": "message"}')  # ends this tab and nothing else
            assert (await tab.receive(timeout=20)).type.name in {"CLOSE", "CLOSED"}
        assert await status(client, base, **said) == 200


async def test_no_more_tabs_than_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stickgen_tui.web.server.MOST_TABS", 0)
    async with served() as (server, client, base):
        headers = {"Cookie": f"{server.guard.cookie}={server.guard.token}", "Origin": base}
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect(f"{base}/ws", headers=headers)
        assert refused.value.status == 429


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with listen(0) as taken, pytest.raises(StickgenError, match=r"--port N"):
        taken.listen()
        listen(taken.getsockname()[1])


def test_the_server_is_on_loopback_alone() -> None:
    with listen(0) as made:
        assert made.getsockname()[0] == "127.0.0.1"


def test_options_reach_the_tab_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[list[str], int]] = []
    monkeypatch.setattr("stickgen_tui.web.server.serve", lambda options, port: asked.append((options, port)))
    config = tmp_path / "a b.yaml"
    config.write_text("model:\n")
    cli.main(["--web", "--port", "0", "--config", str(config)])
    assert asked == [([f"--config={config}"], 0)]
    assert cli.parser().parse_args(asked[0][0]).config == config


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "stickgen_tui.web.server")
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    for name in [name for name in sys.modules if name.startswith("textual_serve.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(StickgenError, match=r"stickgen\[web\]"):
        cli._serve(argparse.Namespace(config=None, run=None, port=0))


async def test_a_tab_ends_with_its_server(tmp_path: Path) -> None:
    """The real app, over pipes: it draws, and ends when the other end closes."""
    environment = os.environ | {
        "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver", "STICKGEN_RUNS": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
    }  # fmt: skip
    tab = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stickgen_tui", "--in-browser",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert tab.stdin is not None and tab.stdout is not None
    assert await asyncio.wait_for(tab.stdout.readline(), 30) == b"__GANGLION__\n"
    tab.stdin.close()
    await asyncio.wait_for(tab.communicate(), 30)
