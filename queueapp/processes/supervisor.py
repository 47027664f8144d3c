"""Keeps django-q2's clusters alive: restarts one that has died, and one that only looks alive.

A cluster can be up and run nothing (a worker killed while it held a lock), so life is told by what gets
done: the pump renews its lease, rendering workers answer when they are asked for a beat. A cluster that
has shown nothing for too long is killed as a whole process group and started again.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections

from queueapp.processes import parent_death, schedules
from queueapp.services import coordination
from queueapp.services.lifecycle import render_leases

log = logging.getLogger(__name__)

#: Seconds between looks.
CHECK_INTERVAL = 1.0
#: Seconds the clusters have to leave by themselves when everything stops.
STOP_TIMEOUT = 2.5
#: Seconds between beats asked of the rendering workers.
HEARTBEAT_INTERVAL = 5.0
#: Seconds without a renewal after which a new pump task is offered.
POLLER_OVERDUE = 4.0


@dataclass
class Cluster:
    """One django-q2 cluster in a process group of its own.

    `silent_seconds` is how long it may show no sign of life; a new one has twice as long for its first.
    """

    name: str
    silent_seconds: float
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def start(self) -> None:
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "cluster"]
        self.process = subprocess.Popen(
            command,
            env={**self.environment, "Q_CLUSTER_NAME": self.name},
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
        self.started_at = time.monotonic()

    @property
    def age(self) -> float:
        return time.monotonic() - self.started_at

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def is_silent(self) -> bool:
        """Whether it has shown no sign of life for too long."""
        if self.age < 2 * self.silent_seconds:
            return False
        seen = coordination.seconds_since_heartbeat(self.name)
        return seen is None or seen > self.silent_seconds

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: SIGTERM to the cluster, which passes it on; anything else to the whole group."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGTERM:
                os.kill(self.process.pid, number)
            else:
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


@dataclass
class Supervisor:
    """Runs the clusters until it is told to stop."""

    stopping: threading.Event = field(default_factory=threading.Event)
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    clusters: list[Cluster] = field(default_factory=list)
    next_beat: float = 0.0

    def run(self) -> None:
        line = parent_death.hold_lock_file(settings.DROVER_DATA / "run", "keeper")
        schedules.create_schedules()
        coordination.request_stop(False)
        self._start(line)
        try:
            while not self.stopping.wait(CHECK_INTERVAL):
                self._look()
        finally:
            self._stop()
            line.unlink(missing_ok=True)

    def _start(self, line: Path) -> None:
        environment = {
            **os.environ,
            parent_death.LOCK_FILE_VARIABLE: str(line),
            render_leases.SUPERVISOR_VARIABLE: self.name,
        }
        silent = settings.DROVER_SILENT_SECONDS
        self.clusters = [
            Cluster(coordination.POLLER, silent, environment),
            Cluster(coordination.JOBS, silent * 2, environment),
        ]
        for cluster in self.clusters:
            cluster.start()

    def _look(self) -> None:
        try:
            close_old_connections()
            for cluster in self.clusters:
                self._look_at(cluster)
            self._ask_for_life()
        except DatabaseError:
            # Without the database nobody can show a sign of life; that says nothing about the clusters.
            log.exception("The database does not answer; looking again.")

    def _look_at(self, cluster: Cluster) -> None:
        if cluster.has_ended():
            log.error("The %s cluster has ended; starting it again.", cluster.name)
        elif cluster.is_silent():
            log.error("The %s cluster shows no sign of life; starting it again.", cluster.name)
        else:
            return
        cluster.kill()
        cluster.start()

    def _ask_for_life(self) -> None:
        pump_seen = coordination.seconds_since_heartbeat(coordination.POLLER)
        if pump_seen is None or pump_seen > POLLER_OVERDUE:
            coordination.start_poller()
        if time.monotonic() >= self.next_beat and coordination.request_heartbeat():
            self.next_beat = time.monotonic() + HEARTBEAT_INTERVAL

    def _stop(self) -> None:
        with contextlib.suppress(DatabaseError):
            coordination.request_stop(True)
        for cluster in self.clusters:
            cluster.signal(signal.SIGTERM)
        until = time.monotonic() + STOP_TIMEOUT
        while time.monotonic() < until and not all(cluster.has_ended() for cluster in self.clusters):
            time.sleep(0.05)
        for cluster in self.clusters:
            cluster.kill()
        with contextlib.suppress(DatabaseError):
            render_leases.release_all(self.name)
            coordination.request_stop(False)
