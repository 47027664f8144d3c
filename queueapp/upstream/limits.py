"""The limits of one call to a hub, in seconds and bytes."""

#: Bytes of one response. A list echoes submitted parameters, at worst with the content of `data:` URIs.
MAX_RESPONSE_BYTES = 8 * 1024 * 1024
#: Seconds for one whole call, without the upload of its inputs.
CALL_TIMEOUT = 25.0
#: Bytes a second: the upload speed (1 Mbit/s) by which a request with inputs gets more time.
MIN_UPLOAD_RATE = 125_000
#: Seconds for the download of one result.
DOWNLOAD_TIMEOUT = 1800.0
#: Seconds without data after which a stream of events is dead. The hub sends a comment every 15 s.
EVENT_READ_TIMEOUT = 45.0


def upload_seconds(size: int) -> float:
    """Return the seconds that the upload of `size` bytes may take."""
    return size / MIN_UPLOAD_RATE
