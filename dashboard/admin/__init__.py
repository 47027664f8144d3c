"""The Django admin, one module per noun. Its actions call the same services as the pages and the API."""

from dashboard.admin import accounts, catalog, connections, generations, records, submissions, workers

__all__ = ["accounts", "catalog", "connections", "generations", "records", "submissions", "workers"]
