"""Objects and published orbits of the registry as typed records, and how their two CSV tables are read.

The columns are described in docs/registry.md. A fault is one InputError with file and line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, Literal, get_args

from aneos.errors import InputError, MissingResourceError

Kind = Literal["spacecraft", "upper stage", "payload and upper stage", "debris", "unidentified"]
Status = Literal["confirmed", "probable", "disputed"]
Regime = Literal["heliocentric", "escape", "geocentric"]
Centre = Literal["sun", "earth", "moon"]

COSPAR: Final = re.compile(r"(19|20)\d\d-\d{3}[A-Z]{1,3}")


@dataclass(frozen=True, slots=True)
class KnownOrbit:
    """One published orbit, as published. Angles in degrees, lengths in au, epoch TDB (Find_Orb's TT).

    ``centre`` and ``frame`` say what the elements refer to (``frame`` empty where the source does not).
    Hyperbolas about the Earth have ``q_au`` and no ``a_au``; their time of perigee is not in the sources.
    ``sigma_*`` are the published 1-sigma values (None: not published). A1, A2, A3 in au/d² at 1 au.
    ``valid_from`` and ``valid_until`` bound the use of the orbit where an encounter lies between it and the
    next one.
    """

    object_id: str
    epoch_tdb_jd: float
    centre: Centre
    frame: str
    a_au: float | None
    e: float
    i_deg: float
    node_deg: float
    peri_deg: float
    mean_anomaly_deg: float | None
    q_au: float | None
    sigma_a_au: float | None
    sigma_e: float | None
    sigma_i_deg: float | None
    sigma_node_deg: float | None
    sigma_peri_deg: float | None
    sigma_mean_anomaly_deg: float | None
    n_obs: int | None
    arc_start: date | None
    arc_end: date | None
    valid_from: date | None
    valid_until: date | None
    rms_arcsec: float | None
    H: float | None
    amr_m2kg: float | None
    amr_sigma_m2kg: float | None
    A1: float | None
    A1_sigma: float | None
    A2: float | None
    A2_sigma: float | None
    A3: float | None
    A3_sigma: float | None
    source: str


@dataclass(frozen=True, slots=True)
class KnownObject:
    """One artificial object.

    ``cospar`` is the international designation, None where the object is unidentified. ``status`` is how sure
    it is that the object is artificial and rightly named. ``regime`` is where its published orbits lie:
    "escape" means that it left the Earth without a published heliocentric orbit. ``manoeuvring`` marks a
    craft that could change its orbit: ballistic prediction holds only near each fit. ``ends`` is the date
    after which there is nothing left to find (impact, landing, capture). ``withdrawn_designations`` are
    minor-planet designations that the MPC gave and took back; ``aliases`` are all other names.
    """

    id: str
    name: str
    cospar: str | None
    norad: int | None
    launch_date: date | None
    kind: Kind
    status: Status
    regime: Regime
    manoeuvring: bool
    ends: date | None
    aliases: tuple[str, ...]
    withdrawn_designations: tuple[str, ...]
    note: str
    source: str
    orbits: tuple[KnownOrbit, ...] = field(default=(), repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """Every text that names this object, each to be matched whole."""
        fixed = [self.id, self.name, *self.withdrawn_designations, *self.aliases]
        if self.cospar is not None:
            fixed.append(self.cospar)
        if self.norad is not None:
            fixed.append(f"NORAD {self.norad}")
        return tuple(dict.fromkeys(fixed))


def read_known(objects: Path, orbits: Path) -> tuple[KnownObject, ...]:
    """Read a registry from two CSV tables of the bundled form.

    Raises InputError with file and line for a missing column, an unknown kind, a malformed COSPAR id or date, a
    number that is none, an orbit of an unknown object, or a label that two objects share; MissingResourceError
    where a table is absent.
    """
    fitted: dict[str, list[KnownOrbit]] = {}
    lines: dict[str, int] = {}
    for row in _rows(orbits):
        orbit = _orbit(row)
        fitted.setdefault(orbit.object_id, []).append(orbit)
        lines.setdefault(orbit.object_id, row.line)
    known = []
    owner: dict[str, str] = {}
    for row in _rows(objects):
        item = _object(row, tuple(sorted(fitted.pop(row.text("id"), []), key=lambda o: o.epoch_tdb_jd)))
        for label in item.labels:
            if owner.setdefault(tidy(label), item.id) != item.id:
                raise row.error(f"the label {label!r} names {owner[tidy(label)]} too")
        known.append(item)
    for orphan in fitted:
        raise InputError(f"no object has the id {orphan!r}", source=orbits, line=lines[orphan])
    return tuple(known)


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a table, with typed access that names the place of a fault."""

    source: Path
    line: int
    values: Mapping[str, str | None]

    def error(self, reason: str) -> InputError:
        return InputError(reason, source=self.source.name, line=self.line)

    def text(self, column: str) -> str:
        value = self.values.get(column)
        if value is None:
            raise self.error(f"the column {column!r} is missing")
        return value.strip()

    def needed(self, column: str) -> str:
        value = self.text(column)
        if not value:
            raise self.error(f"{column} is empty")
        return value

    def choice(self, column: str, allowed: tuple[str, ...]) -> str:
        value = self.text(column)
        if value not in allowed:
            raise self.error(f"{column} is {value!r}, not one of {', '.join(allowed)}")
        return value

    def number(self, column: str) -> float | None:
        value = self.text(column)
        try:
            return float(value) if value else None
        except ValueError:
            raise self.error(f"{column} is {value!r}, not a number") from None

    def whole(self, column: str) -> int | None:
        value = self.number(column)
        return None if value is None else int(value)

    def day(self, column: str) -> date | None:
        value = self.text(column)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            raise self.error(f"{column} is {value!r}, not a date (YYYY-MM-DD)") from None

    def texts(self, column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(column).split("|") if part.strip())

    def required(self, column: str) -> float:
        value = self.number(column)
        if value is None:
            raise self.error(f"{column} is empty")
        return value


def _rows(path: Path) -> Iterator[_Row]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            for values in reader:
                yield _Row(path, reader.line_num, values)
    except FileNotFoundError as error:
        raise MissingResourceError(f"{path}: the registry table is absent; reinstall aneos") from error


def _object(row: _Row, orbits: tuple[KnownOrbit, ...]) -> KnownObject:
    cospar = row.text("cospar") or None
    if cospar is not None and not COSPAR.fullmatch(cospar):
        raise row.error(f"cospar is {cospar!r}, not an international designation such as 2018-017A")
    kinds, statuses, regimes = get_args(Kind), get_args(Status), get_args(Regime)
    return KnownObject(
        id=row.needed("id"),
        name=row.needed("name"),
        cospar=cospar,
        norad=row.whole("norad"),
        launch_date=row.day("launch_date"),
        kind=row.choice("kind", kinds),  # type: ignore[arg-type]
        status=row.choice("status", statuses),  # type: ignore[arg-type]
        regime=row.choice("regime", regimes),  # type: ignore[arg-type]
        manoeuvring=row.choice("manoeuvring", ("true", "false")) == "true",
        ends=row.day("ends"),
        aliases=row.texts("aliases"),
        withdrawn_designations=row.texts("withdrawn_designations"),
        note=row.text("note"),
        source=row.needed("source"),
        orbits=orbits,
    )


def _orbit(row: _Row) -> KnownOrbit:
    a, e, mean = row.number("a_au"), row.required("e"), row.number("mean_anomaly_deg")
    if e < 1.0 and (a is None or a <= 0.0 or mean is None):
        raise row.error("an ellipse needs a_au > 0 and mean_anomaly_deg")
    if e >= 1.0 and (a is not None or row.number("q_au") is None):
        raise row.error("a hyperbola needs q_au and no a_au")
    return KnownOrbit(
        object_id=row.needed("object_id"),
        epoch_tdb_jd=row.required("epoch_tdb_jd"),
        centre=row.choice("centre", get_args(Centre)),  # type: ignore[arg-type]
        frame=row.choice("frame", ("ecliptic J2000", "equator J2000", "")),
        a_au=a,
        e=e,
        i_deg=row.required("i_deg"),
        node_deg=row.required("node_deg"),
        peri_deg=row.required("peri_deg"),
        mean_anomaly_deg=mean,
        q_au=row.number("q_au"),
        sigma_a_au=row.number("sigma_a_au"),
        sigma_e=row.number("sigma_e"),
        sigma_i_deg=row.number("sigma_i_deg"),
        sigma_node_deg=row.number("sigma_node_deg"),
        sigma_peri_deg=row.number("sigma_peri_deg"),
        sigma_mean_anomaly_deg=row.number("sigma_mean_anomaly_deg"),
        n_obs=row.whole("n_obs"),
        arc_start=row.day("arc_start"),
        arc_end=row.day("arc_end"),
        valid_from=row.day("valid_from"),
        valid_until=row.day("valid_until"),
        rms_arcsec=row.number("rms_arcsec"),
        H=row.number("H"),
        amr_m2kg=row.number("amr_m2kg"),
        amr_sigma_m2kg=row.number("amr_sigma_m2kg"),
        A1=row.number("A1"),
        A1_sigma=row.number("A1_sigma"),
        A2=row.number("A2"),
        A2_sigma=row.number("A2_sigma"),
        A3=row.number("A3"),
        A3_sigma=row.number("A3_sigma"),
        source=row.needed("source"),
    )


def tidy(text: str) -> str:
    """A label with each run of blanks made one."""
    return " ".join(text.split())
