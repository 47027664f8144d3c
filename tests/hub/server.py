"""Serve the stand-in hub on a real socket: `with Hub("current") as hub: Client(hub.url, hub.key)`."""

import contextlib
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import SplitResult, parse_qsl, urlsplit

from tests.hub.calls import Request, answer, route
from tests.hub.ledger import LoggedRequest
from tests.hub.misbehaviour import Chance, Plan, Reply
from tests.hub.world import World

NO_PLAN = Plan("")
BLANKS = b" " * 65536


class Hub(World):
    """A World behind HTTP that can misbehave. A context manager: all its threads have ended on exit.

    `misbehave` is the share of calls that fail by chance, the same ones for the same `seed`. With
    `certificate`, a PEM file that contains its key, it serves https. All other arguments are World's.
    """

    def __init__(
        self,
        revision: str = "current",
        *,
        port: int = 0,
        misbehave: float = 0.0,
        seed: int = 0,
        hang_seconds: float = 0.5,
        certificate: Path | None = None,
        **world: Any,
    ) -> None:
        super().__init__(revision, seed=seed, **world)
        self.chance = Chance(misbehave, seed, hang_seconds=hang_seconds)
        self.closing = threading.Event()
        self._plans: dict[str, list[Plan]] = {}
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.hub = self
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.results_url = self.url
        self._thread = threading.Thread(target=self._accept, name="hub")

    def __enter__(self) -> Self:
        self._thread.start()
        self.start_ticker()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shut_down()
        # A last connection ends the wait for connections at once; polling would delay the end of each test.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._server.close_connections()
        self._server.server_close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            self._server.handle_request()

    def misbehave(self, call: str, *plans: Plan) -> None:
        """Make the next requests of a call fail by these plans, one after the other."""
        with self.lock:
            self._plans.setdefault(call, []).extend(plans)

    def stop_misbehaving(self) -> None:
        """Drop all plans that have not been used."""
        with self.lock:
            self._plans.clear()

    def next_plan(self, call: str) -> Plan | None:
        with self.lock:
            plans = self._plans.get(call)
            return plans.pop(0) if plans else self.chance.pick(call)

    def log_request(
        self, call: str, handler: "_Handler", url: SplitResult, size: int, plan: Plan | None
    ) -> LoggedRequest:
        with self.lock:
            log = LoggedRequest(
                number=len(self.ledger.requests) + 1,
                at=self.now(),
                call=call,
                method=handler.command,
                path=url.path,
                query=dict(parse_qsl(url.query)),
                headers={name.lower(): value for name, value in handler.headers.items()},
                size=size,
                peer=handler.client_address[1],
                misbehaved=plan and plan.name,
            )
            self.ledger.requests.append(log)
        return log


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    hub: Hub

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnected. Every other error is the hub's own and is printed."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(timestamp or self.server.hub.shown_now())

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        hub, url = self.server.hub, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/_ledger":
            self._send(Reply(200, hub.ledger.as_json()), NO_PLAN)
            return
        call, args = route(hub, self.command, url.path)
        plan = hub.next_plan(call)
        log = hub.log_request(call, self, url, len(body), plan)
        request = Request(log, args, body, plan or NO_PLAN)
        if call == "events" and (plan is None or plan.worked):
            self._stream(request)
            return
        reply = answer(hub, call, request) if plan is None or plan.worked else Reply()
        self._send(plan.spoil(reply) if plan else reply, plan or NO_PLAN, log)

    def _send(self, reply: Reply, plan: Plan, log: LoggedRequest | None = None) -> None:
        if plan.delivery in ("reset", "hang"):
            if plan.delivery == "hang":
                self.server.hub.closing.wait(plan.seconds)
            self._reset()
            return
        if log:
            log.status = reply.status
        body = reply.raw()
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", **reply.headers}
        headers["Content-Length"] = str(len(body) + plan.padding)
        for name, value in headers.items():
            self.send_header(name, value)
        if plan.delivery == "trickle":
            self._trickle(body, plan.seconds)
            return
        self.end_headers()
        self.wfile.write(body)
        for _ in range(plan.padding // len(BLANKS)):
            self.wfile.write(BLANKS)
        self.wfile.write(BLANKS[: plan.padding % len(BLANKS)])

    def _trickle(self, body: bytes, seconds: float) -> None:
        """Send the head and the body byte by byte, with a pause of `seconds` after each."""
        head = b"".join(self._headers_buffer) + b"\r\n"
        self._headers_buffer = []
        for byte in head + body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.hub.closing.wait(seconds):
                break

    def _reset(self) -> None:
        """Close the connection with a reset instead of an end of file."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The streams keep the socket open; the reset is sent when the last of them is closed.
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def _stream(self, request: Request) -> None:
        hub, log = self.server.hub, request.log
        user = hub.keys.get(log.key or "")
        if user is None or hub.revision == "classic":
            self._send(answer(hub, "events", request), NO_PLAN, log)
            return
        log.status = 200
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        with hub.open_stream(user) as next_text:
            self.end_headers()
            self.wfile.flush()
            while (text := next_text()) is not None:
                data = text.encode()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


def until(condition: Callable[[], Any], seconds: float = 2.0) -> None:
    """Wait until the hub's threads have made a condition true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.005)
