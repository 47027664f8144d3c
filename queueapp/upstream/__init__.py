"""The HTTP client for upstream hubs, in the three revisions of the queue protocol.

Pure: no Django, no database. The facts come from the hub's public documentation, its OpenAPI description
0.243.1, and what clients met in practice.
"""
