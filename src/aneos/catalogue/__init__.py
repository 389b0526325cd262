"""The catalogue room. In: a file or archive. Out: one typed table of objects (:class:`Catalogue`)."""

from aneos.catalogue.bundled import load_bundled
from aneos.catalogue.elements import read_elements
from aneos.catalogue.mpc import read_nea_extended
from aneos.catalogue.schema import COLUMNS, Catalogue, Provenance

__all__ = ["COLUMNS", "Catalogue", "Provenance", "load_bundled", "read_elements", "read_nea_extended"]
