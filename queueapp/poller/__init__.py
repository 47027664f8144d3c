"""Keep generations moving: release them to their backends and find out how they end.

`loop` ticks while it holds the lease. `threads` visits each hub in a thread of its own, and `steps` lists
the steps of a visit: `cancel`, `poll`, `reconcile`, `release` with `submit`, and `costs`.
"""
