"""The account behind a key: what it made, what that cost, and who it is."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from queueapp.upstream.messages import Row, unwrap
from queueapp.upstream.parsing import Json, Redact, as_decimal, as_integer, as_object, as_word


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A generation in the account's history. `cost` is None until the hub tells it."""

    row: Row
    cost: Decimal | None
    username: str | None

    @classmethod
    def read(cls, data: Json, clean: Redact) -> Self | None:
        row = Row.read(data, clean)
        if row is None:
            return None
        inner = unwrap(data)
        return cls(row, as_decimal(inner.get("cost")), as_word(inner.get("username")))


@dataclass(frozen=True, slots=True)
class History:
    """One page of the account's history, newest first as the hub gives it."""

    entries: tuple[HistoryEntry, ...]
    page: int | None
    page_size: int | None
    total_pages: int | None
    total_entries: int | None
    total_cost: Decimal | None

    @classmethod
    def read(cls, body: Json, clean: Redact) -> Self | None:
        """None unless it holds a list of generations; one without an id is left out."""
        outer = as_object(body)
        told = outer.get("generations")
        if not isinstance(told, list) or outer.get("error") or outer.get("status") == "error":
            return None
        entries = (HistoryEntry.read(row, clean) for row in told)
        return cls(
            tuple(entry for entry in entries if entry is not None),
            as_integer(outer.get("page_number")),
            as_integer(outer.get("page_size")),
            as_integer(outer.get("total_pages")),
            as_integer(outer.get("total_entries")),
            as_decimal(outer.get("total_cost")),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """Who the key belongs to. Undocumented by the hub, so each part may be missing."""

    namespace: str | None
    balance: Decimal | None

    @classmethod
    def read(cls, body: Json) -> Self | None:
        """None when it is no object, or one that says neither."""
        outer = as_object(body)
        inner = as_object(outer.get("user")) or as_object(outer.get("data")) or outer
        names = (as_word(inner.get(name)) for name in ("namespace", "username", "name"))
        balances = (as_decimal(inner.get(name)) for name in ("balance", "credits", "credit_balance"))
        found = cls(
            next((name for name in names if name), None),
            next((balance for balance in balances if balance is not None), None),
        )
        return found if found.namespace or found.balance is not None else None
