"""Drover as a person runs it: real processes on a data folder, a database and a port of their own."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a password for tests"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, test: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait for an event that only asking can show; its answer. Fails, and says what for, after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := test():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


class Database:
    """Where an instance keeps its rows: its own SQLite file, or its own database on PostgreSQL."""

    def __init__(self, data: Path, mark: str) -> None:
        self.file = data / "drover.sqlite3"
        self.server = os.environ.get("DATABASE_URL", "")
        self.name = f"drover_{mark}"
        self.url = f"{self.server.rpartition('/')[0]}/{self.name}" if self.server else ""

    def create(self) -> None:
        self._serve("CREATE")

    def drop(self) -> None:
        self._serve("DROP")

    def _serve(self, verb: str) -> None:
        if self.server:
            force = " WITH (FORCE)" if verb == "DROP" else ""
            with psycopg.connect(self.server, autocommit=True) as connection:
                connection.execute(f"{verb} DATABASE {self.name}{force}")  # type: ignore[call-overload]

    def rows(self, query: str) -> list[Any]:
        """The answer to a query, or nothing for a statement."""
        opened: Any = psycopg.connect(self.url) if self.server else sqlite3.connect(self.file, timeout=20)
        with closing(opened) as connection:
            cursor = connection.execute(query)
            found = list(cursor.fetchall()) if cursor.description else []
            connection.commit()
        return found


class Drover:
    """One running instance. A context manager: everything it started has ended when it is left."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DROVER_", "DJANGO_", "OXEN_"))}
        # A mark by which every process of this instance is known, whoever its parent is by then.
        self.mark = secrets.token_hex(8)
        self.database = Database(data, self.mark)
        self.environment = {
            **inherited,
            "DROVER_DATA": str(data),
            "DROVER_ENV_FILE": os.devnull,
            "PORT": str(self.port),
            "DROVER_ADMIN_PASSWORD": PASSWORD,
            "DROVER_TEST_MARK": self.mark,
            "DATABASE_URL": self.database.url,
            **environment,
        }
        self.log = data.parent / f"{data.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""

    def __enter__(self) -> "Drover":
        self.database.create()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self.process is not None:
            self.process.wait()
        self.database.drop()
        shutil.rmtree(self.data, ignore_errors=True)

    def start(self) -> None:
        if self.process is not None:
            self.process.wait()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        until("Drover is up", self.is_well)
        self.token = self.token or self.manage("createtoken", "admin").splitlines()[-1]

    def is_well(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def ask_to_stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def processes(self) -> list[psutil.Process]:
        """Every living process of this instance."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                is_ours = process.environ().get("DROVER_TEST_MARK") == self.mark
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def named(self, command: str, cluster: str | None = None) -> list[psutil.Process]:
        """Its processes that run a management command, the oldest first; of one cluster only."""
        found = [
            process
            for process in self.processes()
            if process.cmdline()[-1:] == [command]
            and (cluster is None or process.environ().get("Q_CLUSTER_NAME") == cluster)
        ]
        return sorted(found, key=lambda process: process.pid)

    def manage(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=20)

    def enqueue(self, model: str = "sketch-image", **fields: Any) -> list[str]:
        answer = self.call("POST", "/api/ai/queue", {"model": model, "prompt": "a boat", **fields})
        assert answer.status_code == 200, answer.text
        return [row["generation_id"] for row in answer.json()["generations"]]

    def live(self, model: str = "sketch-image") -> list[str]:
        answer = self.call("GET", f"/api/media/generations/status/admin/{model}").json()
        return [row["generation_id"] for row in answer["generations"]]
