"""The archives room. In: a name, or nothing. Out: what JPL, the Minor Planet Center and NEODyS know, as typed tables.

    async with Archives() as archives:
        apophis = await archives.sbdb.object("99942")

Every client keeps to the provider's fair use, tries again where that helps, keeps the raw reply with its hash, and
checks version, fields and completeness before it gives a result. What goes wrong is told apart
(:mod:`aneos.archives.errors`): "unreachable" is never "no data".
"""

from aneos.archives.archives import Archives
from aneos.archives.covariance import OrbitCovariance
from aneos.archives.errors import (
    Ambiguous,
    ArchiveChanged,
    ArchiveError,
    ArchiveIncomplete,
    ArchiveRefused,
    ArchiveUnreachable,
    NotFound,
)
from aneos.archives.provider import Addresses
from aneos.archives.sbdb_covariance import read_covariance

__all__ = [
    "Addresses",
    "Ambiguous",
    "ArchiveChanged",
    "ArchiveError",
    "ArchiveIncomplete",
    "ArchiveRefused",
    "ArchiveUnreachable",
    "Archives",
    "NotFound",
    "OrbitCovariance",
    "read_covariance",
]
