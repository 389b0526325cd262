"""Templates, navigation by role, and the content-security policy of pages."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.encoders import jsonable_encoder
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from aneos import __version__
from aneos_api.context import context_of
from aneos_api.dashboard.assets import Assets
from aneos_api.middleware.state import state_of
from aneos_api.security.permissions import Permission, Principal

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

CLASS_TEXTS: Final = {
    "known_artificial": "known artificial",
    "probably_artificial": "probably artificial",
    "unexplained": "unexplained",
    "insufficient_data": "undecided",
    "natural": "natural",
}
THEMES: Final = ("light", "dark")
UNKNOWN: Final = "–"
RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation, for those who have ``needs``."""

    path: str
    text: str
    needs: Permission = Permission.READ


NAVIGATION: Final[tuple[Link, ...]] = (
    Link("/", "Overview"),
    Link("/watchlist", "Watch list"),
    Link("/workbench", "Workbench", Permission.ANALYSE),
    Link("/cases", "Cases"),
    Link("/registry", "Registry"),
    Link("/models", "Models"),
    Link("/monitoring", "Monitoring"),
    Link("/alerts", "Alerts"),
    Link("/administration", "Administration", Permission.MANAGE),
)


class Renderer:
    """Makes pages. ``assets`` are those that were built."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self._templates = Environment(
            loader=PackageLoader("aneos_api.dashboard"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "number": number,
            "sentence": sentence,
            "thousands": thousands,
            "class_text": lambda name: CLASS_TEXTS.get(name, str(name)),
            "when": when,
            "data": data_block,
            "segment": lambda text: quote(str(text), safe=""),
        }
        self._templates.globals |= {"version": __version__, "asset": assets.url, "assets_built": assets.built}

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """``template`` filled with ``values``, the visitor and their navigation."""
        who = state_of(request.scope).principal
        theme = request.cookies.get("aneos_theme", "")
        html = self._templates.get_template(template).render(
            **values,
            who=who,
            links=links(who),
            path=request.url.path,
            theme=theme if theme in THEMES else "",
            csrf_cookie=context_of(request).cookies.csrf,
            position=getattr(getattr(request.app.state, "hub", None), "position", 0),
            may={permission.value for permission in (who.permissions if who else ())},
        )
        return Response(html, status, page_headers(headers), media_type="text/html")


def renderer_of(request: Request) -> Renderer:
    """The renderer of the application that answers this request."""
    renderer = request.app.state.dashboard
    assert isinstance(renderer, Renderer)
    return renderer


def page_headers(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Headers of everything that a browser shows as a page; kept by nobody."""
    return {"content-security-policy": POLICY, "cache-control": "no-store", **(more or {})}


def links(who: Principal | None) -> list[Link]:
    """The navigation of a visitor; empty before the log-in and while a duty bars the pages."""
    if who is None or who.duty is not None:
        return []
    return [link for link in NAVIGATION if who.may(link.needs)]


def number(value: Any, digits: int = 4) -> str:
    """A number to ``digits`` significant digits; a dash where it is unknown."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return UNKNOWN
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return str(value)
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e7):
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{float(mantissa):g} × 10{str(int(exponent)).translate(RAISED)}"
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text else text


def sentence(text: str) -> str:
    """With a capital, where it begins with a word and not with the name of a field."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() else text


def thousands(value: int) -> str:
    """40874 → 40,874."""
    return f"{value:,}"


def when(value: Any) -> str:
    """A moment as date and minutes, UTC; ISO text is taken too."""
    if value is None:
        return UNKNOWN
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def data_block(value: Any) -> Markup:
    """JSON for a ``<script type="application/json">``, in which nothing can end the element."""
    text = json.dumps(jsonable_encoder(value), allow_nan=False, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - escaped above
