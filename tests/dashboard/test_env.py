"""Settings: the data folder, the secret key, the host names, and their documentation."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from dashboard.env import create_data_folder, load_secret_key, local_hosts

ROOT = Path(__file__).resolve().parent.parent.parent
#: Set by Drover for its own processes.
INTERNAL_VARIABLES = {"DJANGO_SETTINGS_MODULE", "DROVER_STOP_WITH_PARENT"}
#: Read by requests and by Python, not by Drover.
LIBRARY_VARIABLES = {
    "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "TMPDIR",
}  # fmt: skip


def test_processes_that_start_together_create_one_secret_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_secret_key(tmp_path), range(32)))
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_the_data_folder_is_closed_to_other_users(tmp_path):
    folder = create_data_folder(tmp_path / "new" / "data")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_browsers_reach_this_machine_under_its_names(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "box.example.lan")
    assert {"localhost", "127.0.0.1", "[::1]", "box", "box.example.lan"} <= set(local_hosts("127.0.0.1"))


def test_a_server_for_the_network_is_reached_under_this_machines_addresses(monkeypatch):
    monkeypatch.setattr("dashboard.env._local_addresses", lambda _: {"192.168.7.7"})
    assert "192.168.7.7" in local_hosts("0.0.0.0")
    assert "192.168.7.7" not in local_hosts("127.0.0.1")
    assert "0.0.0.0" not in local_hosts("0.0.0.0")
    assert "10.1.2.3" in local_hosts("10.1.2.3")


def test_two_instances_on_one_host_do_not_sign_each_other_out():
    assert f"drover_session_{settings.PORT}" == settings.SESSION_COOKIE_NAME
    assert settings.CSRF_COOKIE_NAME == "csrftoken"


@pytest.fixture(scope="module")
def variables_read() -> set[str]:
    """The names of all environment variables that the code reads."""
    sources = [path.read_text() for app in ("dashboard", "queueapp") for path in (ROOT / app).rglob("*.py")]
    pattern = r'\b(?:env\.\w+|environ\.get|environ\.pop|environ\.setdefault)\(\s*"([A-Z_]+)"'
    names = set(re.findall(pattern, "\n".join(sources))) - INTERNAL_VARIABLES
    assert {"DROVER_DATA", "DROVER_ADMIN_PASSWORD", "OXEN_API_KEY"} <= names
    return names


def test_every_environment_variable_is_documented(variables_read):
    text = (ROOT / "docs" / "settings.md").read_text()
    assert [name for name in sorted(variables_read) if f"`{name}`" not in text] == []


def test_no_other_environment_variable_is_documented(variables_read):
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "settings.md").read_text(), flags=re.MULTILINE)
    documented = set(re.findall(r"`([A-Z_]+)`", " ".join(rows)))
    assert documented - LIBRARY_VARIABLES <= variables_read
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^#([A-Z_]+)=", example, flags=re.MULTILINE)) <= documented
