"""Lines of evidence: one module per line. In: objects (catalogue rows). Out: :class:`Evidence`."""
