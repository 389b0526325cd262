"""Natural and artificial populations. In: encounter geometry, area-to-mass ratio, size. Out: densities.

Everything here is a number per object drawn from a population; no Bayes factor is formed in this room.
"""
