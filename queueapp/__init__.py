"""The meaning of Drover: its domain, its backends and its worker. Knows no HTML and no request."""

__version__ = "0.2.0"
