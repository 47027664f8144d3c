"""Measure the response times of polls while 200 dashboards are open, relative to a bare view.

    .venv/bin/python -m bench.dashboards [dashboards] [seconds]

Each dashboard belongs to a user of its own with one active generation. It polls 0.75 s after its last
response, on one connection. One namespace in ten changes every second. The server is the real one, with two
workers.
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

from bench import users  # sets Django up

from asgiref.sync import sync_to_async
from django.db.models import F

from queueapp.models import Namespace

#: Seconds between a response and the next poll.
POLL_INTERVAL = 0.75
ROOT = Path(__file__).resolve().parent.parent


async def open_dashboard(
    port: int, cookie: str, path: str, version: str, end: float, seconds: list[float]
) -> None:
    """Poll until `end`, and append the seconds of each response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(random.random() * POLL_INTERVAL)
    while time.monotonic() < end:
        start = time.monotonic()
        headers = f"Host: localhost\r\nCookie: {cookie}\r\nHX-Request: true"
        writer.write(f"GET {path}?since={version} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith(("http/1.1 204", "http/1.1 200")), head
        if "content-length: " in head:
            body = await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
            match = re.search(rb'value="(\d+:\d+)"', body)
            version = match[1].decode() if match else version
        seconds.append(time.monotonic() - start)
        await asyncio.sleep(POLL_INTERVAL)
    writer.close()


async def change_namespaces(names: list[str], end: float) -> None:
    """Change one namespace in ten every second."""
    while time.monotonic() < end:
        for name in random.sample(names, max(1, len(names) // 10)):
            await sync_to_async(Namespace.objects.filter(name=name).update)(version=F("version") + 1)
        await asyncio.sleep(1)


async def measure(port: int, cookies: dict[str, str], path: str, duration: float) -> list[float]:
    """Return the seconds of every response."""
    end = time.monotonic() + duration
    seconds: list[float] = []
    dashboards = [
        open_dashboard(port, cookie, path, await sync_to_async(users.version_token)(name), end, seconds)
        for name, cookie in cookies.items()
    ]
    await asyncio.gather(*dashboards, change_namespaces(list(cookies), end))
    return seconds


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start_server(port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PORT": str(port)}
    server = subprocess.Popen([sys.executable, "manage.py", "web"], cwd=ROOT, env=environment)
    for _ in range(100):
        time.sleep(0.1)
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return server
    raise RuntimeError("The server did not start.")


def main() -> None:
    count, duration = (int(value) for value in (sys.argv[1:] + ["200", "20"][len(sys.argv) - 1 :])[:2])
    users.prepare()
    cookies = {f"user{number}": users.create_user(f"user{number}", 50, active=1) for number in range(count)}
    port = free_port()
    server = start_server(port)
    try:
        print(f"{count} dashboards, {duration} s each")
        for name, path in (("bare view", "/bare/"), ("poll", "/generations/changes/")):
            seconds = asyncio.run(measure(port, cookies, path, duration))
            median, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
            rate = len(seconds) / duration
            print(
                f"{name:12} {rate:6.0f} a second   median {median * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms"
            )
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    main()
