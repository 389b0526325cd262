"""The catalogue room. In: a file or archive. Out: one typed table of objects (:class:`Catalogue`)."""

from aneos.catalogue.bundled import load_bundled
from aneos.catalogue.designations import find, find_index, select
from aneos.catalogue.elements import read_elements
from aneos.catalogue.merge import concat
from aneos.catalogue.mpc import read_nea_extended
from aneos.catalogue.mpcorb import read_mpcorb
from aneos.catalogue.recognise import read_any
from aneos.catalogue.sbdb import read_sbdb
from aneos.catalogue.schema import COLUMNS, Catalogue, Provenance
from aneos.catalogue.summary import orbit_class, summary

__all__ = [
    "COLUMNS",
    "Catalogue",
    "Provenance",
    "concat",
    "find",
    "find_index",
    "load_bundled",
    "orbit_class",
    "read_any",
    "read_elements",
    "read_mpcorb",
    "read_nea_extended",
    "read_sbdb",
    "select",
    "summary",
]
