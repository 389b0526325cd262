"""The catalogue room. In: a file or archive. Out: one typed table of objects (:class:`Catalogue`)."""

from aneos.catalogue.schema import COLUMNS, Catalogue, Provenance

__all__ = ["COLUMNS", "Catalogue", "Provenance"]
