"""Artificial objects. In: orbits (catalogue rows). Out: which known object each one is, with a chance probability.

- ``known``: the registry of known artificial objects and their published orbits
- ``trajectories``: where each of them is at any epoch, with widths
- ``identify``: matches of a whole table; ``comparison``, ``chance``, ``controls`` stand behind it
"""
