"""Translate the exceptions of requests, urllib3 and the socket into UpstreamErrors with plain messages."""

import http.client

import requests
import urllib3

from queueapp.upstream.errors import AmbiguousResponse, Unreachable
from queueapp.upstream.redaction import Redactor
from queueapp.upstream.urls import Origin

#: What requests, urllib3, http.client and the socket raise for a failed exchange.
NETWORK_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
_TIMEOUTS = (TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout)


def connect_error(error: Exception, origin: Origin, timeout: float, redact: Redactor) -> Unreachable:
    """Return the error for a connection that failed before the request was sent.

    `timeout` is the connect timeout in seconds.
    """
    netloc = redact(origin.netloc, 100)
    reason = getattr(error.args[0] if error.args else None, "reason", error)
    match reason:
        case urllib3.exceptions.NameResolutionError():
            message = f"The host name {redact(origin.host, 100)} could not be resolved."
        case urllib3.exceptions.NewConnectionError():
            message = f"{netloc} does not accept connections."
        case TimeoutError() | urllib3.exceptions.TimeoutError() | requests.Timeout():
            message = f"No connection to {netloc} within {timeout:g} s."
        case urllib3.exceptions.ProxyError():
            message = f"The proxy did not connect to {netloc}."
        case urllib3.exceptions.SSLError() | requests.exceptions.SSLError():
            message = f"No secure connection to {netloc}: {redact(str(reason), 200)}"
        case _:
            message = f"The connection to {netloc} failed."
    return Unreachable(message)


def lost_response(
    error: Exception, origin: Origin, read_timeout: float, redact: Redactor
) -> AmbiguousResponse:
    """Return the error for a response that did not come, or not completely. `read_timeout` is in seconds."""
    netloc = redact(origin.netloc, 100)
    if isinstance(error, _TIMEOUTS):
        return AmbiguousResponse(
            f"{netloc} did not respond in time (no data for {read_timeout:g} s, or too slow in total)."
        )
    return AmbiguousResponse(f"The connection to {netloc} broke before the response was complete.")
