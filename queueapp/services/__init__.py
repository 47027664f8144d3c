"""The operations of the queue. Pages, API, admin, commands and poller all call these functions."""
