"""Drive `stickgen-tui --web` in a headless Chromium: live curves move, a wrong token and a foreign page are refused.

    python scripts/web_drive.py [--chromium /usr/bin/chromium] [--shot monitor.png]

Needs the extras [web] and [dev], and a Chromium. It writes a run that is under way into a temporary folder and adds
records while the browser looks. Prints a line for each check; the exit code is 1 if one fails.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from stickgen.config.loading import TrainingConfig
from stickgen.record_log import RecordWriter
from stickgen.run_contract import Phase
from stickgen.runs.locks import RunLock
from stickgen.runs.store import Run, create_run

NAMES = ("chromium", "chromium-browser", "google-chrome")
FOREIGN = "<script>onmessage=null;const w=new WebSocket('ws://{host}/ws');w.onopen=()=>document.title='open';w.onerror=()=>document.title='refused'</script>"


def find_chromium() -> str | None:
    """The browser of this system, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def main() -> int:
    """Run the checks. Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--chromium", default=find_chromium(), help="the browser")
    parser.add_argument("--shot", type=Path, help="write a picture of the monitor there")
    arguments = parser.parse_args()
    if arguments.chromium is None:
        sys.exit("there is no Chromium here; name one with --chromium")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as address, sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=arguments.chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        checks = {
            "live curves move": lambda: curves_move(browser, address, arguments.shot),
            "a wrong token is refused": lambda: wrong_token(browser, address),
            "a foreign Origin is refused": lambda: foreign_page(browser, address),
        }
        failed = 0
        for name, check in checks.items():
            passed = check()
            failed += not passed
            print(f"{'ok' if passed else 'FAILED':<7}{name}", flush=True)
        browser.close()
    return int(failed > 0)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A run under way, and the app served from a process of its own; gives the address."""
    run = create_run(TrainingConfig(None), root=folder / "runs", name="live")
    lock = RunLock(run)
    lock.acquire()
    stop = threading.Event()
    threading.Thread(target=train, args=(run, stop), daemon=True).start()
    environment = os.environ | {"STICKGEN_RUNS": str(folder / "runs"), "XDG_STATE_HOME": str(folder)}
    words = [sys.executable, "-m", "stickgen_tui", "--web", "--port", "0", "--run", "latest"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder)
    try:
        assert server.stdout is not None
        yield next(found.group() for line in server.stdout if (found := re.search(r"http://\S+", line)))
    finally:
        stop.set()
        server.terminate()
        server.wait(20)


def train(run: Run, stop: threading.Event) -> None:
    """Write records as a trainer does, ten a second."""
    metrics = RecordWriter(run.metrics_path)
    step = 0
    while not stop.wait(0.1):
        step += 10
        loss = 0.05 + math.exp(-step / 800) + 0.02 * math.sin(step)
        metrics.write({
            "kind": "train", "time": time.time(), "step": step, "epoch": step / 500, "loss": loss, "loss_pose": loss / 2,
            "lr": 3e-4, "grad_norm": 1.0, "sequences_per_second": 90.0, "frames_per_second": 9000.0,
            "rss_bytes": 900_000_000, "device_memory_bytes": None, "eta_seconds": 600.0, "total_steps": 10_000,
        })  # fmt: skip
        run.beat(Phase.TRAINING, step, 10_000, 0.01)


def curves_move(browser: Browser, address: str, shot: Path | None) -> bool:
    """Whether the picture of the monitor changes by itself, and no word of it went to another server."""
    page = browser.new_page(viewport={"width": 1280, "height": 760})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    if "token" in page.url:
        return False  # it would stay in the history
    page.wait_for_selector("body.-first-byte", timeout=60_000)
    page.mouse.click(400, 20)  # the app draws little for who looks elsewhere
    page.wait_for_timeout(6_000)
    before = page.screenshot()
    page.wait_for_timeout(4_000)
    after = page.screenshot(path=shot)
    page.close()
    elsewhere = [
        url
        for url in asked
        if not re.match(r"(http|ws)://127\.0\.0\.1:|https://fonts\.googleapis\.com/", url)
    ]
    return before != after and not elsewhere


def wrong_token(browser: Browser, address: str) -> bool:
    """Whether a page without the token, and one with another, get nothing."""
    page = browser.new_context().new_page()
    base = address.partition("?")[0]
    codes = [status(page, url) for url in (base, f"{base}?token=wrong", f"{base}static/js/textual.js")]
    return codes == [403, 403, 403]


def status(page: Page, url: str) -> int:
    """The status of the answer to a navigation."""
    answer = page.goto(url)
    return answer.status if answer is not None else 0


def foreign_page(browser: Browser, address: str) -> bool:
    """Whether a page of another site, in a browser that has the cookie, gets no websocket."""
    context = browser.new_context()
    context.new_page().goto(address)
    page = context.new_page()
    host = address.removeprefix("http://").partition("/")[0]
    page.route("http://elsewhere.test/", lambda route: route.fulfill(
        body=FOREIGN.replace("{host}", host), content_type="text/html"))  # fmt: skip
    page.goto("http://elsewhere.test/")
    page.wait_for_function("document.title !== ''", timeout=20_000)
    return page.title() == "refused"


if __name__ == "__main__":
    sys.exit(main())
