"""What to cite when results of aNEOS are published: the data, papers and software it stands on.

The entries live in ``data/references.toml``, each with the modules that use it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import Any

from aneos.errors import MissingResourceError


@dataclass(frozen=True, slots=True)
class Reference:
    """One source: what it is used for, who made it, where it is, and the ``modules`` that use it.

    ``kind`` is ``data``, ``article``, ``book`` or ``software``; ``acknowledgement`` is the provider's own
    sentence, to be quoted as it stands; ``marker`` is how the modules name the source where they do not name
    its first author.
    """

    key: str
    kind: str
    use: str
    authors: str
    year: int
    title: str
    journal: str = ""
    volume: str = ""
    pages: str = ""
    doi: str = ""
    url: str = ""
    licence: str = ""
    acknowledgement: str = ""
    modules: tuple[str, ...] = ()
    marker: str = ""

    def text(self) -> str:
        """The reference as one line of a bibliography."""
        place = " ".join(part for part in (self.journal, self.volume) if part)
        where = f"{place}, {self.pages}" if place and self.pages else place or self.pages
        link = f"https://doi.org/{self.doi}" if self.doi else self.url
        parts = (f"{self.authors} ({self.year})", self.title, where, self.licence, link)
        return ". ".join(part.rstrip(".") for part in parts if part) + "."

    def bibtex(self) -> str:
        """The reference as a BibTeX entry."""
        kind = {"article": "article", "book": "book"}.get(self.kind, "misc")
        values = {
            "author": " and ".join(_people(self.authors)),
            "year": str(self.year),
            "title": f"{{{self.title}}}",
            "journal": self.journal if self.kind == "article" else "",
            "publisher": self.journal if self.kind == "book" else "",
            "volume": self.volume,
            "pages": self.pages,
            "doi": self.doi,
            "url": self.url,
            "note": self.acknowledgement or self.licence,
        }
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in values.items() if value)
        return f"@{kind}{{{self.key},\n{body}\n}}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape; what is empty is absent."""
        pairs = ((item.name, getattr(self, item.name)) for item in fields(self))
        return {name: list(value) if isinstance(value, tuple) else value for name, value in pairs if value}


@lru_cache(maxsize=1)
def references() -> tuple[Reference, ...]:
    """Every source, in the order in which the data flow: catalogue, orbits, registry, evidence, statistics.

    Raises :class:`MissingResourceError` where the installation lacks the list.
    """
    try:
        content = tomllib.loads((files("aneos") / "data" / "references.toml").read_text("utf-8"))
    except OSError as error:
        raise MissingResourceError(
            "the list of references is absent: reinstall aNEOS with make env"
        ) from error
    return tuple(
        Reference(**{**entry, "modules": tuple(entry.get("modules", ()))}) for entry in content["reference"]
    )


def _people(authors: str) -> list[str]:
    """``"Park, R. S., Folkner, W. M., et al."`` as single people; an institution stays whole, in braces."""
    parts = [part.strip() for part in authors.split(",")]
    if len(parts) == 1:
        return [f"{{{authors}}}"]
    others = parts[-1] == "et al."
    pairs = parts[:-1] if others else parts
    people = [", ".join(pairs[start : start + 2]) for start in range(0, len(pairs), 2)]
    return [*people, "others"] if others else people
