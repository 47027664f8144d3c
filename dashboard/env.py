"""Read what the settings need from the environment, the `.env` file, the data folder and the machine."""

import ipaddress
import os
import secrets
import socket
import time
from contextlib import suppress
from pathlib import Path

from environs import Env

env = Env()


def create_data_folder(path: Path) -> Path:
    """Create the data folder if it is missing, closed to other users. Return its absolute path."""
    path = path.expanduser().resolve()
    path.mkdir(parents=True, mode=0o700, exist_ok=True)
    return path


def load_secret_key(folder: Path) -> str:
    """Return the secret key that is stored in the data folder. Create it on the first run."""
    path = folder / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_when_written(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return _read_when_written(path)


def _read_when_written(path: Path) -> str:
    """Return the text of a file that another process may be writing. Raise RuntimeError if it stays empty."""
    for _ in range(50):
        if text := path.read_text().strip():
            return text
        time.sleep(0.02)
    raise RuntimeError(f"{path} is empty. Delete it to create a new key; all users must then sign in again.")


def local_hosts(bind_address: str) -> list[str]:
    """Return the host names and addresses under which browsers may reach a server on `bind_address`."""
    name = socket.gethostname()
    hosts = {"localhost", "127.0.0.1", "[::1]", name, name.partition(".")[0], f"{name}.local"}
    if not _is_loopback(bind_address):
        hosts |= {bind_address} - {"0.0.0.0", "::"}  # noqa: S104
        hosts |= _local_addresses(name)
    return sorted(host for host in hosts if host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _local_addresses(name: str) -> set[str]:
    """Return the addresses of the host name, and the default source address of IPv4 and of IPv6."""
    addresses: set[str] = set()
    with suppress(OSError):
        addresses |= {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    # `connect` on a datagram socket sends nothing; it selects the source address. The remote addresses are
    # reserved for documentation (RFC 5737, RFC 3849).
    for family, remote in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as datagram_socket:
            datagram_socket.connect((remote, 9))
            addresses.add(str(datagram_socket.getsockname()[0]))
    return {f"[{address}]" if ":" in address else address for address in addresses}
