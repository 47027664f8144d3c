"""The stand-in hub on a real socket: `with Hub(revision="current") as hub: Client(hub.url, hub.key)`."""

import contextlib
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.hub.calls import Request, answer_to, call_of
from tests.hub.ledger import LoggedRequest
from tests.hub.misbehaviour import Chance, Plan, Reply
from tests.hub.world import World

BLANKS = b" " * 65536


class Hub(World):
    """A World behind HTTP, and the plans by which it misbehaves. A context manager; everything it started
    has ended when it is left.

    `misbehave` is the share of calls that go wrong by chance, the same ones for the same `seed`;
    `certificate` is a PEM file with its key, and makes it https. What else it takes is World's.
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
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.end()
        # A last caller wakes the thread that waits for callers; polling would cost each test its period.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            self._server.handle_request()

    def misbehave(self, call: str, *plans: Plan) -> None:
        """Let the next calls of that kind go wrong, one plan each, in order."""
        self._plans.setdefault(call, []).extend(plans)

    def plan_for(self, call: str) -> Plan | None:
        with self.lock:
            waiting = self._plans.get(call)
            return waiting.pop(0) if waiting else self.chance.pick(call)

    def note(self, call: str, handler: "_Handler", url: Any, size: int, plan: Plan | None) -> LoggedRequest:
        with self.lock:
            asked = LoggedRequest(
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
            self.ledger.requests.append(asked)
        return asked


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

    def hang_up(self) -> None:
        for request in list(self._open):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that went away are no error of the hub's; anything else is, and is shown."""
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
        return super().date_time_string(timestamp or self.server.hub.told_now())

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        hub, url = self.server.hub, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/_ledger":
            self._send(Reply(200, hub.ledger.as_json()), Plan(""))
            return
        call, args = call_of(hub, self.command, url.path)
        plan = hub.plan_for(call)
        asked = hub.note(call, self, url, len(body), plan)
        request = Request(asked, args, body, plan or Plan(""))
        if call == "events" and (plan is None or plan.worked):
            self._stream(request)
            return
        reply = answer_to(hub, call, request) if plan is None or plan.worked else Reply()
        self._send(plan.spoil(reply) if plan else reply, plan or Plan(""), asked)

    def _send(self, reply: Reply, plan: Plan, asked: LoggedRequest | None = None) -> None:
        hub = self.server.hub
        if plan.way in ("reset", "hang"):
            if plan.way == "hang":
                hub.closing.wait(plan.seconds)
            self._reset()
            return
        if asked:
            asked.status = reply.status
        body = reply.raw()
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", **reply.headers}
        headers["Content-Length"] = str(len(body) + plan.padding)
        for name, value in headers.items():
            self.send_header(name, value)
        if plan.way == "trickle":
            self._trickle(body, plan.seconds)
            return
        self.end_headers()
        self.wfile.write(body)
        for _ in range(plan.padding // len(BLANKS)):
            self.wfile.write(BLANKS)
        self.wfile.write(BLANKS[: plan.padding % len(BLANKS)])

    def _trickle(self, body: bytes, seconds: float) -> None:
        """Head and body, byte by byte."""
        head = b"".join(self._headers_buffer) + b"\r\n"
        self._headers_buffer = []
        for byte in head + body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.hub.closing.wait(seconds):
                break

    def _reset(self) -> None:
        """Close with a reset rather than an end of file."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The streams hold the socket open; it resets when the last of them is closed.
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def _stream(self, request: Request) -> None:
        hub = self.server.hub
        user = hub.user_of(request.asked.key)
        if user is None or hub.revision == "classic":
            self._send(answer_to(hub, "events", request), Plan(""), request.asked)
            return
        request.asked.status = 200
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        with hub.listening(user) as news:
            self.end_headers()
            self.wfile.flush()
            while (text := news()) is not None:
                data = text.encode()
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


def until(test: Any, seconds: float = 2.0) -> None:
    """Wait for what happens in the hub's own threads."""
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "not within the time"
        time.sleep(0.005)
