"""An HTTP client for upstream hubs, in the three revisions of the queue protocol.

It depends on neither Django nor the database. The facts come from the hub's public documentation, its
OpenAPI description 0.243.1, and responses that clients received in practice.
"""
