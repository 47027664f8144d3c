"""The owner, the balance and the history of an account are read if the hub has these calls."""

from decimal import Decimal

import pytest

from queueapp.upstream.errors import NotSupported, UpstreamError
from queueapp.upstream.history import Account


def test_the_history_contains_the_cost_of_each_generation(hub, client):
    ids = client.enqueue("flux-1-dev", {"prompt": "a cat"}, 3).ids
    page = client.list_history(page=2, page_size=2)
    assert [str(entry.cost) for entry in page.entries] == ["0.04"]
    assert (page.page, page.page_size, page.total_pages, page.total_entries) == (2, 2, 2, 3)
    assert str(page.total_cost) == "0.12"
    entry = client.get_history_entry(ids[0])
    assert (entry.row.id, str(entry.cost), entry.username) == (ids[0], "0.04", "alice")


@pytest.mark.parametrize("revision", ["classic", "bridge"])
def test_older_revisions_have_no_history(open_hub, client_of, revision):
    client = client_of(open_hub(revision))
    for send in (client.list_history, lambda: client.get_history_entry("a")):
        with pytest.raises(NotSupported):
            send()


def test_the_account_is_read_if_the_hub_has_that_call(open_hub, client_of):
    hub = open_hub(credits={"alice": 5})
    client = client_of(hub)
    account = client.get_account()
    assert (account.namespace, str(account.balance)) == ("alice", "5")
    hub.tells_account = False
    with pytest.raises(UpstreamError):
        client.get_account()


@pytest.mark.parametrize(
    ("body", "namespace", "balance"),
    [
        ({"username": "alice", "balance": "1.50"}, "alice", "1.50"),
        ({"status": "success", "user": {"name": "alice", "credits": 3}}, "alice", "3"),
        ({"data": {"namespace": "team", "username": "alice"}}, "team", None),
    ],
)
def test_the_account_is_read_in_every_known_form(body, namespace, balance):
    assert Account.parse(body) == Account(namespace, balance and Decimal(balance))
