from queueapp.services import accounts


def test_a_script_learns_whose_token_it_has(alices_script, alice):
    answer = alices_script.get("/api/users/me")
    assert answer.json() == {"username": "alice", "namespace": accounts.get_or_create_namespace(alice).name}


def test_nobody_is_told_without_a_token(client):
    assert client.get("/api/users/me").status_code == 401
