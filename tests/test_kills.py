"""What becomes of acknowledged views when processes are killed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import httpx

from recommender.redis.connection import connect
from recommender.redis.embedded import EmbeddedRedis
from tests.conftest import BROWSER
from tests.running import Running, running

VIEWS = 300
ARTICLES = [{"id": str(number), "title": f"Article {number}", "url": "https://news.example/a"} for number in range(3)]


def redis_server(data_dir: Path) -> int:
    with connect(EmbeddedRedis(data_dir).url) as redis:
        return int(redis.info("server")["process_id"])


def workers(service: Running) -> list[int]:
    """Return the processes that answer requests."""
    pid = service.process.pid
    children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def report(client: httpx.Client, view: dict[str, str]) -> int:
    """Send a view again until it is accepted, as a patient page would; return how often it was refused."""
    refusals = 0
    while True:
        try:
            if client.post("/v1/views", json=view).status_code == 202:
                return refusals
        except httpx.HTTPError:
            pass  # its worker died, before or after the view was counted
        refusals += 1


def views_of(address: str) -> dict[str, int]:
    answer = httpx.get(f"{address}/v1/trending?rank=most_viewed&window=24h", trust_env=False).json()
    return {item["id"]: item["score"] for item in answer["items"] if item["source"] == "trending"}


def test_no_acknowledged_view_is_lost_or_doubled(tmp_path: Path) -> None:
    """With Redis killed three times, each worker once and at last everything, every view still counts exactly once."""
    refusals = 0
    with running("serve", tmp_path) as service:
        kills = [redis_server, *(lambda _, pid=pid: pid for pid in workers(service)), redis_server, redis_server]
        token = json.loads((tmp_path / "secrets.json").read_text())["api_token"]
        with httpx.Client(base_url=service.address, headers=BROWSER, trust_env=False) as client:
            client.post("/v1/articles", json=ARTICLES, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
            for number in range(VIEWS):
                if number % 50 == 25 and kills:
                    os.kill(kills.pop(0)(tmp_path), signal.SIGKILL)
                view = {"article_id": str(number % 3), "event_id": f"event-{number}", "visitor_id": f"reader-{number}"}
                refusals += report(client, view)
        assert kills == []
        assert refusals
        for pid in (service.process.pid, *workers(service), redis_server(tmp_path)):
            os.kill(pid, signal.SIGKILL)
    with running("serve", tmp_path) as service:
        assert views_of(service.address) == {str(number): VIEWS // 3 for number in range(3)}
