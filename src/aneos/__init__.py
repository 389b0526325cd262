"""aNEOS finds artificial objects among near-Earth asteroids."""

from importlib.metadata import version

__version__ = version("aneos")
