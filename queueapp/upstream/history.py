"""The account behind a key: what it made, what that cost, and who it is."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from .messages import Row, unwrap
from .reading import Clean, Json, amount, mapping, whole, word


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A generation in the account's history. `cost` is None until the hub tells it."""

    row: Row
    cost: Decimal | None
    username: str | None

    @classmethod
    def read(cls, data: Json, clean: Clean) -> Self | None:
        row = Row.read(data, clean)
        if row is None:
            return None
        inner = unwrap(data)
        return cls(row, amount(inner.get("cost")), word(inner.get("username")))


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
    def read(cls, body: Json, clean: Clean) -> Self | None:
        """None unless it holds a list of generations; one without an id is left out."""
        outer = mapping(body)
        told = outer.get("generations")
        if not isinstance(told, list) or outer.get("error") or outer.get("status") == "error":
            return None
        entries = (HistoryEntry.read(row, clean) for row in told)
        return cls(
            tuple(entry for entry in entries if entry is not None),
            whole(outer.get("page_number")),
            whole(outer.get("page_size")),
            whole(outer.get("total_pages")),
            whole(outer.get("total_entries")),
            amount(outer.get("total_cost")),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """Who the key belongs to. Undocumented by the hub, so each part may be missing."""

    namespace: str | None
    balance: Decimal | None

    @classmethod
    def read(cls, body: Json) -> Self | None:
        """None when it is no object, or one that says neither."""
        outer = mapping(body)
        inner = mapping(outer.get("user")) or mapping(outer.get("data")) or outer
        names = (word(inner.get(name)) for name in ("namespace", "username", "name"))
        balances = (amount(inner.get(name)) for name in ("balance", "credits", "credit_balance"))
        found = cls(
            next((name for name in names if name), None),
            next((balance for balance in balances if balance is not None), None),
        )
        return found if found.namespace or found.balance is not None else None
