"""A bare FastAPI application, against which the service is measured: one route, one small JSON reply."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/items/{name}")
async def item(name: str) -> dict[str, str]:
    """What the least application answers."""
    return {"name": name}
