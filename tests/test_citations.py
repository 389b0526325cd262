"""The references: complete, unlike each other, and really used where they say."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from aneos.citations import Reference, references


def test_keys_are_unlike_each_other() -> None:
    keys = [source.key for source in references()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("source", references(), ids=lambda source: source.key)
def test_a_source_is_named_by_the_modules_that_use_it(source: Reference) -> None:
    assert source.modules
    name = source.marker or source.authors.split(",")[0]
    for module in source.modules:
        spec = find_spec(module)
        assert spec is not None, module
        assert spec.origin is not None
        assert name in Path(spec.origin).read_text("utf-8"), f"{module} does not name {name}"


@pytest.mark.parametrize("source", references(), ids=lambda source: source.key)
def test_a_source_can_be_found(source: Reference) -> None:
    printed = source.journal and (source.kind == "book" or (source.volume and source.pages))
    assert source.doi or source.url or printed, source.key
    assert source.kind in {"data", "article", "book", "software"}


def test_bibtex_parts_the_authors() -> None:
    (park,) = (source for source in references() if source.key == "park2021")
    assert "author = {Park, R. S. and Folkner, W. M. and Williams, J. G. and Boggs, D. H.}" in park.bibtex()
    (mpc,) = (source for source in references() if source.key == "mpc")
    assert "author = {{Minor Planet Center}}" in mpc.bibtex()
