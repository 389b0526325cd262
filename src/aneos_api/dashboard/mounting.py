"""Puts the pages into an application."""

from __future__ import annotations

from fastapi import FastAPI

from aneos_api.dashboard import assets, kept_pages, offline, pages, registry_pages, thin_pages
from aneos_api.dashboard.assets import Assets
from aneos_api.dashboard.picture import Pictures
from aneos_api.dashboard.rendering import Renderer


def mount(app: FastAPI) -> None:
    """Add the pages and their assets to ``app``, after the API; none of them is part of its document."""
    built = Assets.load()
    app.state.dashboard = Renderer(built)
    app.state.dashboard_pictures = Pictures()
    for router in (
        assets.router,
        pages.router,
        kept_pages.router,
        registry_pages.router,
        thin_pages.router,
        offline.router,
        offline.nowhere,
    ):
        app.include_router(router, include_in_schema=False)
