"""What settings read from outside: the environment, the `.env` file, the data folder, the machine."""

import contextlib
import ipaddress
import os
import secrets
import socket
import time
from pathlib import Path

from environs import Env

env = Env()


def data_folder(path: Path) -> Path:
    """The folder of everything Drover keeps, made if it is missing, closed to other users."""
    path = path.expanduser().resolve()
    path.mkdir(parents=True, mode=0o700, exist_ok=True)
    return path


def secret_key(folder: Path) -> str:
    """The installation's secret key: made on the first run and kept in the data folder."""
    path = folder / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _written(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return _written(path)


def _written(path: Path) -> str:
    """The file's text, once whoever makes it this moment has written it."""
    for _ in range(50):
        if text := path.read_text().strip():
            return text
        time.sleep(0.02)
    raise RuntimeError(f"{path} is empty. Remove it to have a new key made; everybody signs in again.")


def own_hosts(bind: str) -> list[str]:
    """Names and addresses under which browsers may reach this machine."""
    name = socket.gethostname()
    hosts = {"localhost", "127.0.0.1", "[::1]", name, name.partition(".")[0], f"{name}.local"}
    if not _is_loopback(bind):
        hosts |= {bind} - {"0.0.0.0", "::"}  # noqa: S104
        hosts |= _addresses(name)
    return sorted(host for host in hosts if host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _addresses(name: str) -> set[str]:
    """This machine's own addresses: those of its name, and the one each protocol would send from."""
    found: set[str] = set()
    with contextlib.suppress(OSError):
        found |= {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    # Connecting a datagram socket sends nothing; it only picks the local address. (RFC 5737, RFC 3849)
    for family, remote in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((remote, 9))
            found.add(str(probe.getsockname()[0]))
    return {f"[{address}]" if ":" in address else address for address in found}
