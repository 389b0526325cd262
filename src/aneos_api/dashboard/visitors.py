"""Who looks at a page: the session cookie of the API, and where to send those who have none."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from aneos.errors import AneosError
from aneos_api.context import context_of
from aneos_api.dashboard.rendering import page_headers, renderer_of
from aneos_api.errors import Forbidden, RateLimited, ServiceError, Unauthorized
from aneos_api.middleware.gate import Presented
from aneos_api.middleware.state import state_of
from aneos_api.security.address import bucket_address
from aneos_api.security.permissions import Credential, Permission, Principal

LOGIN: Final = "/login"
ACCOUNT: Final = "/account"
TITLES: Final = {
    403: "Not for your role",
    404: "Not found",
    422: "This cannot be shown",
    429: "Too many requests",
    503: "Not available now",
}


class PageRoute(APIRoute):
    """Identifies the visitor before the page runs; failures become pages, a missing log-in the log-in page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                await _identify(request)
                who = state_of(request.scope).principal
                if who is not None and who.duty is not None and request.url.path != ACCOUNT:
                    return _to(request, ACCOUNT)  # a new password or second factor comes first
                return await inner(request)
            except Unauthorized:
                return _to(request, f"{LOGIN}?next={quote(_address(request), safe='')}")
            except RequestValidationError as error:
                fault = error.errors()[0]
                where = ".".join(str(part) for part in fault["loc"][1:])
                return _failure(request, 422, f"{where}: {fault['msg']}", {})
            except ServiceError as error:
                return _failure(request, error.status, error.detail, error.headers)
            except AneosError as error:
                return _failure(request, 422, str(error), {})

        return handle


def visitor(request: Request, permission: Permission | None = Permission.READ) -> Principal:
    """The principal of this page. Raises Unauthorized without log-in, Forbidden where the permission is lacking."""
    who = state_of(request.scope).principal
    if who is None:
        raise Unauthorized
    if permission is not None and not who.may(permission):
        raise Forbidden(f"This page needs the permission '{permission}', which the role '{who.role}' lacks.")
    return who


def own_path(given: str) -> str:
    """``given`` where it is a path of this site; else the overview."""
    own = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable()
    return given if own else "/"


async def _identify(request: Request) -> None:
    context, state = context_of(request), state_of(request.scope)
    rules = context.rules
    address = bucket_address(state.address)
    if rules.limits_enabled:
        decision = await context.limiter.take(f"address:{address}", rules.per_address)
        if not decision.allowed:
            raise RateLimited("Too many requests; slow down", retry_after=decision.retry_after)
    cookie = request.cookies.get(context.cookies.session)
    if not cookie:
        return
    try:
        found = await context.authenticator.identify(Presented(Credential.SESSION, cookie))
    except Unauthorized:
        return  # a stale cookie is no log-in; pages that need one say so
    state.principal = found.principal


def _address(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _to(request: Request, path: str) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=200, headers=page_headers({"hx-redirect": path}))
    return Response(status_code=303, headers=page_headers({"location": path}))


def _failure(request: Request, status: int, detail: str, headers: dict[str, str]) -> Response:
    values = {
        "title": TITLES.get(status, "The service failed"),
        "status": status,
        "detail": detail,
        "request_id": state_of(request.scope).request_id,
    }
    return renderer_of(request).page(request, "error.html", values, status=status, headers=headers)
