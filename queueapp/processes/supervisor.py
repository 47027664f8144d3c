"""Start django-q2's clusters, and restart a cluster that has exited or does no work.

A cluster can run without doing any work, for example when a worker was killed while it held a lock.
Heartbeats therefore come from the work itself: from the poller when it renews its lease, from the job
workers during long jobs and when they run the task that only sends one. A cluster without a recent heartbeat
is killed as a process group and started again.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections

from queueapp.processes import parent_death, schedules
from queueapp.services import coordination
from queueapp.services.lifecycle import render_leases

log = logging.getLogger(__name__)

#: Seconds between checks of the clusters.
CHECK_INTERVAL = 1.0
#: Seconds that the clusters have to stop before they are killed.
STOP_TIMEOUT = 2.5
#: Seconds between the heartbeats that are requested from the job workers.
HEARTBEAT_INTERVAL = 5.0
#: Seconds without a heartbeat of the poller after which another poller task is started.
POLLER_OVERDUE = 4.0


@dataclass
class Cluster:
    """One django-q2 cluster in a process group of its own.

    `heartbeat_timeout` is in seconds. A new cluster has twice as long for its first heartbeat.
    """

    name: str
    heartbeat_timeout: float
    environment: Mapping[str, str]
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

    def has_exited(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def is_overdue(self) -> bool:
        """Return whether the last heartbeat is too long ago."""
        if time.monotonic() - self.started_at < 2 * self.heartbeat_timeout:
            return False
        seconds = coordination.seconds_since_heartbeat(self.name)
        return seconds is None or seconds > self.heartbeat_timeout

    def terminate(self) -> None:
        """Send SIGTERM to the cluster, which stops its own workers."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """Kill the whole process group, and wait until the cluster has exited."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Supervisor:
    """Keeps the clusters running until `stopping` is set."""

    stopping: threading.Event = field(default_factory=threading.Event)
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    clusters: list[Cluster] = field(default_factory=list)
    next_heartbeat: float = 0.0

    def run(self) -> None:
        with parent_death.parent_lock("supervisor") as lock_variable:
            schedules.create_schedules()
            coordination.request_stop(False)
            self._start({**os.environ, **lock_variable, render_leases.SUPERVISOR_VARIABLE: self.name})
            try:
                while not self.stopping.wait(CHECK_INTERVAL):
                    self._check()
            finally:
                self._stop()

    def _start(self, environment: Mapping[str, str]) -> None:
        timeout = settings.DROVER_SILENT_SECONDS
        self.clusters = [
            Cluster(coordination.POLLER, timeout, environment),
            Cluster(coordination.JOBS, timeout * 2, environment),
        ]
        for cluster in self.clusters:
            cluster.start()

    def _check(self) -> None:
        try:
            close_old_connections()
            for cluster in self.clusters:
                self._restart_if_dead(cluster)
            self._request_heartbeats()
        except DatabaseError:
            # Without the database no cluster can send a heartbeat, so none is restarted.
            log.exception("The database does not respond, checking the clusters again in a moment.")

    def _restart_if_dead(self, cluster: Cluster) -> None:
        if cluster.has_exited():
            log.error("The %s cluster has exited, restarting it.", cluster.name)
        elif cluster.is_overdue():
            log.error("The %s cluster sent no heartbeat, restarting it.", cluster.name)
        else:
            return
        cluster.kill()
        cluster.start()

    def _request_heartbeats(self) -> None:
        seconds = coordination.seconds_since_heartbeat(coordination.POLLER)
        if seconds is None or seconds > POLLER_OVERDUE:
            coordination.start_poller()
        if time.monotonic() >= self.next_heartbeat and coordination.request_heartbeat():
            self.next_heartbeat = time.monotonic() + HEARTBEAT_INTERVAL

    def _stop(self) -> None:
        with suppress(DatabaseError):
            coordination.request_stop(True)
        for cluster in self.clusters:
            cluster.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT
        while time.monotonic() < deadline and not all(cluster.has_exited() for cluster in self.clusters):
            time.sleep(0.05)
        for cluster in self.clusters:
            cluster.kill()
        with suppress(DatabaseError):
            render_leases.release_all(self.name)
            coordination.request_stop(False)
