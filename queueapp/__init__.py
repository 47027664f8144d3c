"""The domain of Drover: queue, backends, poller and jobs. It contains no HTML and handles no requests."""

__version__ = "0.2.0"
