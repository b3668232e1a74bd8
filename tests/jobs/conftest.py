"""What the tests of jobs share."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.jobs.web import Web


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.stopping.set()
        server.shutdown()
        thread.join()
