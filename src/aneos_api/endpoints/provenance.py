"""What a reply rests on: the catalogue in force and the screen made from it."""

from __future__ import annotations

from aneos.catalogue.schema import Provenance
from aneos_api.database.models import Assessment
from aneos_api.database.unit import Work
from aneos_api.schemas.common import Signature, service_signature


async def current_provenance(work: Work) -> list[Provenance]:
    """Provenance of the catalogue in force; empty before the first."""
    version = await work.catalogue.current_version()
    if version is None:
        return []
    return [
        Provenance(version.name, version.version, version.source, version.sha256, version.acknowledgement)
    ]


async def screen_signature(work: Work) -> Signature:
    """The signature of the current screen, or the service's own before the first."""
    screen = await work.analysis.current_screen()
    return service_signature() if screen is None else Signature.model_validate(screen.signature)


async def answer_signature(work: Work, row: Assessment) -> Signature:
    """The signature of one stored answer: its own, or that of its screen."""
    return Signature.model_validate(row.signature) if row.signature else await screen_signature(work)
