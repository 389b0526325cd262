"""Labels that do not cover each other: where to write the names beside the points of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

Point = tuple[float, float]
Segment = tuple[Point, Point]

MARK_RADIUS: Final = 5.0
RADII: Final = (8, 12, 17, 23, 30, 38, 47, 57, 68, 80, 94, 110, 128, 148, 170, 195, 222, 252)
ANGLES_DEG: Final = tuple(range(0, 360, 15))
GAP: Final = 2.0

INWARD_COST: Final = 25.0
"""What it costs, in pixels of distance, to write towards the crowd instead of away from it."""

CROSSING_COST: Final = 60.0
HIDING_COST: Final = 45.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box, gap: float = 0.0) -> bool:
        """Whether the two come closer than ``gap`` in both directions."""
        return (
            self.left < other.right + gap
            and other.left < self.right + gap
            and self.bottom < other.top + gap
            and other.bottom < self.top + gap
        )

    def holds(self, other: Box) -> bool:
        """Whether ``other`` lies inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.bottom <= other.bottom
            and other.top <= self.top
        )

    def nearest(self, point: Point) -> Point:
        """The point of the rectangle that is nearest to ``point``."""
        return min(max(point[0], self.left), self.right), min(max(point[1], self.bottom), self.top)

    def crossed_by(self, segment: Segment) -> bool:
        """Whether ``segment`` passes through the rectangle (clipping of Liang and Barsky, 1984)."""
        (x0, y0), (x1, y1) = segment
        enter, leave = 0.0, 1.0
        sides = (
            (x0 - x1, x0 - self.left),
            (x1 - x0, self.right - x0),
            (y0 - y1, y0 - self.bottom),
            (y1 - y0, self.top - y0),
        )
        for run, room in sides:
            if run == 0:
                if room < 0:
                    return False
            elif run < 0:
                enter = max(enter, room / run)
            else:
                leave = min(leave, room / run)
        return enter < leave


def place_labels(
    points: Sequence[Point],
    sizes: Sequence[tuple[float, float]],
    frame: Box,
    taken: Sequence[Box] = (),
    *,
    scale: float = 1.0,
) -> list[Box | None]:
    """A place for each label, near its point, or ``None`` where there is no room.

    ``points`` are all marked points in pixels; the first ``len(sizes)`` of them get a label of that (width,
    height). No two labels overlap, none covers a marked point, crosses ``taken`` or leaves ``frame``, and no
    leader line runs through a label. The first labels choose first, so the most important come first.
    ``scale`` is the size of a mark relative to 5 pixels.
    """
    radius = MARK_RADIUS * scale
    marks = [Box(x - radius, y - radius, x + radius, y + radius) for x, y in points]
    placed: list[Box | None] = []
    leaders: list[Segment] = []
    for point, size in zip(points, sizes, strict=False):
        labels = [*taken, *(box for box in placed if box is not None)]
        place = _cheapest(point, size, frame, marks, labels, leaders, _outward(point, points, scale), scale)
        placed.append(place)
        if place is not None:
            leaders.append((point, place.nearest(point)))
    return placed


def _cheapest(
    point: Point,
    size: tuple[float, float],
    frame: Box,
    marks: Sequence[Box],
    labels: Sequence[Box],
    leaders: Sequence[Segment],
    outward: float | None,
    scale: float,
) -> Box | None:
    others = [mark for mark in marks if mark.nearest(point) != point]
    best, best_cost = None, math.inf
    for cost, box in _candidates(point, size, outward, scale):
        if cost >= best_cost:
            break
        leader = (point, box.nearest(point))
        if (
            not frame.holds(box)
            or any(box.overlaps(other, GAP * scale) for other in labels)
            or any(box.overlaps(mark) for mark in marks)
            or any(box.crossed_by(line) for line in leaders)
            or any(other.crossed_by(leader) for other in labels)
        ):
            continue
        total = cost + CROSSING_COST * sum(_cross(leader, line) for line in leaders)
        total += HIDING_COST * sum(_middle(mark).crossed_by(leader) for mark in others)
        if total < best_cost:
            best, best_cost = box, total
    return best


def _candidates(
    point: Point, size: tuple[float, float], outward: float | None, scale: float
) -> Iterator[tuple[float, Box]]:
    """Places round the point with their cost before anything else is looked at, cheapest first."""
    options = []
    for radius in RADII:
        for angle in ANGLES_DEG:
            turn = math.radians(angle)
            # Alone, a name stands best to the right of its mark.
            wanted = 0.0 if outward is None else outward
            cost = radius + INWARD_COST * (1 - math.cos(turn - wanted)) / 2
            options.append((cost, _box_at(point, size, radius * scale, turn)))
    return iter(sorted(options, key=lambda option: option[0]))


def _box_at(point: Point, size: tuple[float, float], radius: float, turn: float) -> Box:
    width, height = size
    cos, sin = math.cos(turn), math.sin(turn)
    x, y = point[0] + radius * cos, point[1] + radius * sin
    left = x - width * (0.0 if cos > 0.2 else 1.0 if cos < -0.2 else 0.5)
    bottom = y - height / 2 + sin * height / 2
    return Box(left, bottom, left + width, bottom + height)


def _outward(point: Point, points: Sequence[Point], scale: float) -> float | None:
    """Direction away from the neighbours of ``point`` (radians); ``None`` where it has none."""
    reach = 120.0 * scale
    near = [other for other in points if 0 < math.dist(point, other) < reach]
    if not near:
        return None
    dx = point[0] - sum(x for x, _ in near) / len(near)
    dy = point[1] - sum(y for _, y in near) / len(near)
    return math.atan2(dy, dx)


def _middle(mark: Box) -> Box:
    dx, dy = (mark.right - mark.left) / 4, (mark.top - mark.bottom) / 4
    return Box(mark.left + dx, mark.bottom + dy, mark.right - dx, mark.top - dy)


def _cross(one: Segment, other: Segment) -> bool:
    """Whether two segments cross."""
    (a, b), (c, d) = one, other
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
