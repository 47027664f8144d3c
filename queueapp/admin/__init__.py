"""The admin: everything there is, for the people who run Drover. Split by noun; acts through the services."""

from django.contrib import admin

from queueapp.admin import accounts, catalog, connections, generations, records, submissions, workers

__all__ = ["accounts", "catalog", "connections", "generations", "records", "submissions", "workers"]

admin.site.site_header = "Drover"
admin.site.site_title = "Drover admin"
admin.site.index_title = "Everything there is"
# The header links back to the queue in its own words.
admin.site.site_url = None
