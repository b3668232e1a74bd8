"""Takes the pictures of the documentation again: runs the sample newsroom and photographs it with Chromium."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from PIL import Image
from playwright.sync_api import Browser, StorageState, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
STORY, OTHER = "election-night-near-tie", "football-final-live-report"
LEADING = "election-coalition-talks-green-coast"
ARTICLE = f"/articles/{STORY}"


class Shot(NamedTuple):
    """A picture: of the window, or of the whole page."""

    path: str
    width: int = 1280
    scheme: str = "light"
    height: int = 900
    whole: bool = False


SHOTS = {
    "front": Shot("/"),
    "article": Shot(ARTICLE, whole=True),
    "boxes-phone": Shot(f"/desk/article/boxes?article_id={LEADING}", 390, "dark", whole=True),
    "docs": Shot("/docs"),
    "desk-now": Shot("/desk/", height=1000),
    "desk-phone": Shot("/desk/", 390, "dark"),
    "desk-article": Shot(f"/desk/article?article_id={LEADING}", height=1150),
    "desk-corrections": Shot(f"/desk/corrections?article_id={OTHER}", height=1000),
    "desk-measure": Shot("/desk/measure", height=1000),
    "desk-clicks": Shot("/desk/clicks", height=1000),
    "desk-nights": Shot("/desk/nights", height=600),
    "desk-experiments": Shot("/desk/experiments", height=1000),
    "desk-trace": Shot("/desk/trace", height=800),
    "desk-people": Shot("/desk/people", height=700),
}
CORRECTIONS = (
    {"kind": "pin", "article_id": OTHER, "box": "trending", "position": 2, "reason": "the final is tonight"},
    {"kind": "ban", "article_id": "bank-rate-price-of-bread", "beside": STORY, "reason": "a figure is being checked"},
    {"kind": "boost", "article_id": "lantern-regatta-tern-wins", "factor": 1.5, "reason": "our own investigation"},
)
VARIANTS = (
    {"name": "control", "share": 50},
    {"name": "fresher", "share": 50, "settings": {"related_freshness_half_life_days": 7}},
)
STRICT = {"RECOMMENDER_GUARD_OVERLAP": "1", "RECOMMENDER_RELATED_FRESHNESS_SHARE": "0.9"}
"""A night that refuses what it made."""


def main() -> None:
    """Start the service on a free port, give the desk something to show, take every shot, stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data_dir:
        command = [sys.executable, "-m", "recommender.cli", "up", "--data-dir", data_dir, "--port", str(port)]
        with subprocess.Popen(command) as service:
            try:
                _shoot_all(f"http://127.0.0.1:{port}", Path(data_dir))
            finally:
                service.send_signal(signal.SIGINT)


def _shoot_all(address: str, data_dir: Path) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(retries=10), trust_env=False) as client:
        client.get(f"{address}/health/live", timeout=60)
    editor = "editor", json.loads((data_dir / "secrets.json").read_text(encoding="utf-8"))["editor_password"]
    _work_on_the_desk(address, data_dir, editor)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        session = _signed_in(browser, address, editor)
        for name, shot in SHOTS.items():
            _shoot(browser, session, f"{address}{shot.path}", PICTURES / f"{name}.png", shot)
        report = min(data_dir.glob("models/*/quality.html"))
        _shoot(browser, None, report.as_uri(), PICTURES / "quality.png", Shot("", 1100, whole=True))
        browser.close()


def _work_on_the_desk(address: str, data_dir: Path, editor: tuple[str, str]) -> None:
    """Train a night, refuse another, correct a little, add somebody and start an experiment."""
    for settings in ({}, STRICT):
        command = [sys.executable, "-m", "recommender.cli", "train", "--data-dir", str(data_dir)]
        subprocess.run(
            command, env=os.environ | {"LOGNAME": "night"} | settings, check=not settings
        )  # the strict one ends with 1
    with httpx.Client(base_url=f"{address}/v1/desk", auth=editor, trust_env=False, timeout=60) as client:
        experiment: dict[str, Any] = {
            "name": "fresher-lists",
            "hypothesis": "readers would rather have what is new",
            "box": "related",
            "variants": VARIANTS,
            "ends_at": (datetime.now(UTC) + timedelta(days=14)).isoformat(),
        }
        person = {"name": "anna", "role": "editor", "password": "a-password-of-anna"}
        asked = [*(("corrections", one) for one in CORRECTIONS), ("users", person), ("experiments", experiment)]
        for path, body in asked:
            client.post(f"/{path}", json=body).raise_for_status()


def _shoot(browser: Browser, session: StorageState | None, address: str, file: Path, shot: Shot) -> None:
    page = browser.new_page(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.scheme == "dark" else "light",
        storage_state=session,
    )
    while (answer := page.goto(address, wait_until="load")) and answer.status == httpx.codes.SERVICE_UNAVAILABLE:
        page.wait_for_timeout(2000)  # a busy machine: the page asks to try again
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    taken = Image.open(io.BytesIO(page.screenshot(full_page=shot.whole)))
    taken.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    page.close()


def _signed_in(browser: Browser, address: str, editor: tuple[str, str]) -> StorageState:
    page = browser.new_page()
    page.goto(f"{address}/desk/sign-in")
    for label, text in zip(("Name", "Password"), editor, strict=True):
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/*")
    return page.context.storage_state()


if __name__ == "__main__":
    main()
