"""The routes, one module per group: each reads what came, calls a service, shapes the reply: no SQL, no science."""
