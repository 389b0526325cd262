"""Validation: what the screen and the models achieve, measured on real objects by commands that anyone can run.

In: the bundled catalogue, the registry, models. Out: sections of ``docs/validation.md``.
"""
