"""The admin: everything there is, for the people who run Drover. Split by noun; acts through the services."""

from dashboard.admin import accounts, catalog, connections, generations, records, submissions, workers

__all__ = ["accounts", "catalog", "connections", "generations", "records", "submissions", "workers"]
