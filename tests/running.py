"""Run Drover as a user does: real processes with their own data folder, database and port."""

import contextlib
import os
import random
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
#: Seconds to wait for a start. A machine that runs other tests at the same time needs most of them.
START_TIMEOUT = 120.0


def free_port() -> int:
    """Return a port that nothing listens on.

    It is below the range of ports that the system assigns to outgoing connections. A connection of another
    test cannot occupy it before the server does.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with closing(socket.socket()) as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def until(event: str, condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait for `condition` to be true, and return its value. Fail with the event's name after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {event}")


class Database:
    """The database of an instance: an SQLite file in its data folder, or a new database on PostgreSQL."""

    def __init__(self, data: Path, mark: str) -> None:
        self.file = data / "drover.sqlite3"
        self.server = os.environ.get("DATABASE_URL", "")
        self.name = f"drover_{mark}"
        self.url = f"{self.server.rpartition('/')[0]}/{self.name}" if self.server else ""

    def create(self) -> None:
        self._execute_on_server(f"CREATE DATABASE {self.name}")

    def drop(self) -> None:
        self._execute_on_server(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _execute_on_server(self, statement: str) -> None:
        if self.server:
            with psycopg.connect(self.server, autocommit=True) as connection:
                connection.execute(statement)  # type: ignore[call-overload]

    def rows(self, query: str) -> list[Any]:
        """Run a statement. Return its rows, if it has any."""
        opened: Any = psycopg.connect(self.url) if self.server else sqlite3.connect(self.file, timeout=20)
        with closing(opened) as connection:
            cursor = connection.execute(query)
            rows = list(cursor.fetchall()) if cursor.description else []
            connection.commit()
        return rows


class Drover:
    """One running instance. A context manager that kills all its processes at the end."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DROVER_", "DJANGO_", "OXEN_"))}
        #: Identifies every process of this instance, also after its parent has died.
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
        """Start the processes, wait until all of them work, and create an API token at the first start."""
        if self.process is not None:
            self.process.wait()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        until("Drover is up", self.is_healthy, START_TIMEOUT)
        self.token = self.token or self.manage("createtoken", "admin").splitlines()[-1]

    def is_healthy(self) -> bool:
        """Return whether web, database and worker are alive. Fail if the instance has exited."""
        assert self.process is not None
        exit_code = self.process.poll()
        assert exit_code is None, f"It exited with {exit_code}. {self.log.read_text()}"
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def ask_to_stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def processes(self) -> list[psutil.Process]:
        """Return all running processes of this instance."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                is_own = process.environ().get("DROVER_TEST_MARK") == self.mark
                if is_own and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def named(self, command: str, cluster: str | None = None) -> list[psutil.Process]:
        """Return the processes that run a management command, the oldest first; optionally of one cluster."""
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                in_cluster = cluster is None or process.environ().get("Q_CLUSTER_NAME") == cluster
                if in_cluster and process.cmdline()[-1:] == [command]:
                    found.append(process)
        # Not by process id: the ids start again from a low number. honcho's children look like `up` itself.
        return sorted(found, key=lambda process: process.create_time())

    def manage(self, *arguments: str) -> str:
        """Run a management command, and return what it prints."""
        completed = self.run(*arguments)
        assert completed.returncode == 0, completed.stderr
        return completed.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command in the environment of this instance."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
            timeout=START_TIMEOUT,
        )  # fmt: skip

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Send a request to the API with the admin's token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=20)

    def enqueue(self, model: str = "sketch-image", **fields: Any) -> list[str]:
        """Submit generations, and return their ids."""
        answer = self.call("POST", "/api/ai/queue", {"model": model, "prompt": "a boat", **fields})
        assert answer.status_code == 200, answer.text
        return [row["generation_id"] for row in answer.json()["generations"]]

    def live(self, model: str = "sketch-image") -> list[str]:
        """Return the ids of the admin's generations of a model that have not ended."""
        answer = self.call("GET", f"/api/media/generations/status/admin/{model}").json()
        return [row["generation_id"] for row in answer["generations"]]
