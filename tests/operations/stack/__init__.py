"""The stack from its images; see :mod:`tests.operations.stack.__main__`. Not collected by pytest: it takes minutes."""
