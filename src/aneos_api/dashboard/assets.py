"""Scripts and styles as built by ``make assets``: names with a hash, compressed when they were built."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from aneos_api.errors import NotFound

router = APIRouter()
log = structlog.get_logger("aneos_api")

FOLDER: Final = Path(__file__).parent / "static"
MANIFEST: Final = "manifest.json"
TYPES: Final = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Assets:
    """Entry name ("main.js") → file name with hash. Empty where nothing was built."""

    files: dict[str, str]

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Assets:
        """What the manifest lists. A missing manifest is told in the log, and on every page."""
        try:
            text = (folder / MANIFEST).read_text(encoding="utf-8")
        except FileNotFoundError:
            log.warning("the dashboard's assets are not built: run 'make assets' (needs Node 20 or newer)")
            return cls({})
        return cls(json.loads(text))

    @property
    def built(self) -> bool:
        return bool(self.files)

    def url(self, entry: str) -> str | None:
        """Address of an entry, None where it was not built."""
        name = self.files.get(entry)
        return None if name is None else f"/assets/{name}"


@router.get("/assets/{name}")
async def asset(name: str, request: Request) -> Response:
    """One built file. The name holds a hash of its content, so it never goes stale."""
    suffix = Path(name).suffix
    path = FOLDER / name
    if "/" in name or name.startswith(".") or suffix not in TYPES or not path.is_file():
        raise NotFound("There is no such asset")
    headers = {"cache-control": FOREVER, "vary": "accept-encoding"}
    accepted = {
        part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")
    }
    for encoding, ending in ENCODINGS:
        packed = path.with_name(path.name + ending)
        if encoding in accepted and packed.is_file():
            return FileResponse(
                packed, headers={**headers, "content-encoding": encoding}, media_type=TYPES[suffix]
            )
    return FileResponse(path, headers=headers, media_type=TYPES[suffix])
