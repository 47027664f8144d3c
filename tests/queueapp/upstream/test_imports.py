"""The web process never calls a hub and does not load the HTTP client."""

import subprocess
import sys

import pytest

from queueapp import __version__

#: The modules that web processes import.
LIGHT_MODULES = (
    "catalog",
    "clock",
    "errors",
    "limits",
    "messages",
    "parsing",
    "probe_report",
    "retry",
    "urls",
)


def test_modules_for_web_processes_do_not_load_the_http_client():
    script = "import sys; " + "; ".join(f"import queueapp.upstream.{name}" for name in LIGHT_MODULES)
    script += "; print({'requests', 'urllib3', 'django'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"


@pytest.mark.parametrize("call", ["list_models", "list_generations"])
def test_every_request_names_drovers_version(hub, client, call):
    getattr(client, call)()
    assert hub.ledger.requests[0].headers["user-agent"] == f"Drover/{__version__}"
