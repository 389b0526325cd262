"""Who is asking, and may they: passwords, keys, tokens, cookies, second factor, permissions, limits.

In: credentials of a request and secrets from the settings. Out: a :class:`~aneos_api.security.permissions.Principal`.
Everything here is plain code without a database or a web framework; :mod:`aneos_api.dependencies` joins it to both.
"""
