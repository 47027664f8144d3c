"""200 open dashboards at their own cadence, and how long their polls take, against a bare view's.

    .venv/bin/python -m bench.dashboards [people] [seconds]

Each dashboard is somebody of their own with one generation going, polls 0.75 s after its last answer, and
keeps its connection. One namespace in ten changes each second. The server is the real one, two workers.
"""

import asyncio
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import people  # sets Django up

from asgiref.sync import sync_to_async
from django.db.models import F

from queueapp.models import Namespace

PERIOD = 0.75


async def dashboard(port: int, cookie: str, path: str, since: str, until: float, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(random.random() * PERIOD)
    while time.monotonic() < until:
        start = time.monotonic()
        headers = f"Host: localhost\r\nCookie: {cookie}\r\nHX-Request: true"
        writer.write(f"GET {path}?since={since} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith(("http/1.1 204", "http/1.1 200")), head
        if "content-length: " in head:
            body = await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
            told = re.search(rb'value="(\d+:\d+)"', body)
            since = told[1].decode() if told else since
        took.append(time.monotonic() - start)
        await asyncio.sleep(PERIOD)
    writer.close()


async def change(names: list[str], until: float) -> None:
    """Let one namespace in ten change each second."""
    while time.monotonic() < until:
        for name in random.sample(names, max(1, len(names) // 10)):
            await sync_to_async(Namespace.objects.filter(name=name).update)(version=F("version") + 1)
        await asyncio.sleep(1)


async def measure(port: int, cookies: dict[str, str], path: str, seconds: float) -> list[float]:
    until = time.monotonic() + seconds
    took: list[float] = []
    polls = [
        dashboard(port, cookie, path, await sync_to_async(people.token_of)(name), until, took)
        for name, cookie in cookies.items()
    ]
    await asyncio.gather(*polls, change(list(cookies), until))
    return took


def serve(port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PORT": str(port)}
    root = Path(__file__).resolve().parent.parent
    server = subprocess.Popen([sys.executable, "manage.py", "web"], cwd=root, env=environment)
    for _ in range(100):
        time.sleep(0.1)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
    raise RuntimeError("The server did not start.")


def main() -> None:
    count, seconds = (int(value) for value in (sys.argv[1:] + ["200", "20"][len(sys.argv) - 1 :])[:2])
    people.prepare()
    cookies = {f"person{place}": people.person(f"person{place}", 50, going=1) for place in range(count)}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = serve(port)
    try:
        print(f"{count} dashboards, {seconds} s each, one poll per {PERIOD} s and dashboard")
        for name, path in (
            ("bare view", "/bare/"),
            ("unchanged or changed poll", "/generations/changes/"),
        ):
            took = asyncio.run(measure(port, cookies, path, seconds))
            p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
            print(
                f"{name:26} {len(took) / seconds:6.0f} a second   "
                f"median {p50 * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms"
            )
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    main()
