"""What goes in and out over HTTP, as Pydantic models: one module per area.

Requests refuse what they do not know (``extra="forbid"``); replies are read from rows or results and are signed.
"""
