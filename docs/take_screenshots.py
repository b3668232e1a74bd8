"""Takes the pictures of the documentation again: runs the sample newsroom and photographs it with Chromium."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
ARTICLE = "/articles/election-night-near-tie"
SHOTS = {
    "front": ("/", 1280, "light"),
    "article": (ARTICLE, 1280, "light"),
    "article-dark": (ARTICLE, 1280, "dark"),
    "article-phone": (ARTICLE, 375, "light"),
    "docs": ("/docs", 1280, "light"),
}


def main() -> None:
    """Start the service on a free port, take every shot, stop it."""
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
    with httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False) as client:
        client.get(f"{address}/health/live", timeout=30)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        for name, (path, width, scheme) in SHOTS.items():
            _shoot(browser, f"{address}{path}", PICTURES / f"{name}.png", width, scheme)
        (report,) = data_dir.glob("models/*/quality.html")
        _shoot(browser, report.as_uri(), PICTURES / "quality.png", 1100, "light")
        browser.close()


def _shoot(browser: Browser, address: str, file: Path, width: int, scheme: str) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.goto(address, wait_until="load")
    page.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    page.screenshot(path=file, full_page=name_is_tall(file))
    page.close()


def name_is_tall(file: Path) -> bool:
    """Tell whether the whole page belongs into the picture: an article's boxes are at its end."""
    return file.stem.startswith(("article", "quality"))


if __name__ == "__main__":
    main()
