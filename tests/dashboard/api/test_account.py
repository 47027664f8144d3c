from queueapp.services import accounts


def test_a_script_reads_the_owner_of_its_token(alices_script, alice):
    response = alices_script.get("/api/users/me")
    assert response.json() == {"username": "alice", "namespace": accounts.get_or_create_namespace(alice).name}


def test_the_owner_is_not_shown_without_a_token(client):
    assert client.get("/api/users/me").status_code == 401
