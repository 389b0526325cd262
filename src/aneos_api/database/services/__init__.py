"""One service per area; each takes a session and holds all SQL of its area."""
