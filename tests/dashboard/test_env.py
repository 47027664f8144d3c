import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from dashboard.env import data_folder, own_hosts, secret_key

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_secret_key_is_made_once_and_kept(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret_key(tmp_path), range(32)))
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_the_data_folder_is_closed_to_other_users(tmp_path):
    folder = data_folder(tmp_path / "new" / "data")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_this_machine_is_reached_by_its_own_names(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "box.example.lan")
    assert {"localhost", "127.0.0.1", "[::1]", "box", "box.example.lan"} <= set(own_hosts("127.0.0.1"))


def test_serving_the_house_adds_this_machines_addresses(monkeypatch):
    monkeypatch.setattr("dashboard.env._addresses", lambda _: {"192.168.7.7"})
    assert "192.168.7.7" in own_hosts("0.0.0.0")
    assert "192.168.7.7" not in own_hosts("127.0.0.1")
    assert "0.0.0.0" not in own_hosts("0.0.0.0")
    assert "10.1.2.3" in own_hosts("10.1.2.3")


def test_two_instances_on_one_host_do_not_sign_each_other_out():
    assert f"drover_session_{settings.PORT}" == settings.SESSION_COOKIE_NAME
    assert settings.CSRF_COOKIE_NAME == "csrftoken"


@pytest.mark.parametrize("source", ["dashboard/settings.py"])
def test_every_variable_that_is_read_is_documented(source):
    text = (ROOT / source).read_text()
    told = (ROOT / "docs" / "settings.md").read_text()
    names = {part.split('"')[1] for part in text.split("env.")[1:] if part.count('"') >= 2 and "(" in part}
    names = {name for name in names if name.isupper()}
    assert len(names) > 8
    assert not [name for name in names if f"`{name}`" not in told]
