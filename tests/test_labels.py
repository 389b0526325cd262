"""Names in the picture: none covers another, however crowded the points are."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aneos.labels import MARK_RADIUS, Box, place_labels

FRAME = Box(0, 0, 1000, 700)


def crowd(count: int, spread: float, seed: int = 1) -> list[tuple[float, float]]:
    draw = random.Random(seed)
    return [(500 + draw.gauss(0, spread), 350 + draw.gauss(0, spread)) for _ in range(count)]


@pytest.mark.parametrize("spread", [20, 60, 200])
def test_labels_of_a_crowd_do_not_overlap_nor_hide_points(spread: float) -> None:
    points = crowd(30, spread)
    boxes = [box for box in place_labels(points, [(70.0, 12.0)] * 30, FRAME) if box is not None]
    assert len(boxes) >= 15
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(FRAME.holds(box) for box in boxes)
    marks = [Box(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    assert not any(box.overlaps(mark) for box in boxes for mark in marks)


def test_leader_lines_run_through_no_label() -> None:
    points = crowd(25, 50)
    places = place_labels(points, [(70.0, 12.0)] * 25, FRAME)
    leaders = [
        (point, box.nearest(point)) for point, box in zip(points, places, strict=True) if box is not None
    ]
    for number, leader in enumerate(leaders):
        others = [box for box in places if box is not None and box.nearest(leader[0]) != leader[1]]
        assert not any(box.crossed_by(leader) for box in others), number


def test_a_single_point_is_named_right_beside_it() -> None:
    (box,) = place_labels([(500.0, 350.0)], [(70.0, 12.0)], FRAME)
    assert box is not None
    assert box.left > 500 + MARK_RADIUS
    assert box.left < 520


def test_what_is_taken_stays_free() -> None:
    taken = Box(505, 300, 700, 400)
    (box,) = place_labels([(500.0, 350.0)], [(70.0, 12.0)], FRAME, [taken])
    assert box is not None
    assert not box.overlaps(taken)


def test_no_room_is_said_and_not_forced() -> None:
    assert place_labels([(50.0, 20.0)], [(200.0, 12.0)], Box(0, 0, 100, 40)) == [None]


coordinates = st.floats(0, 100)
points = st.tuples(coordinates, coordinates)


@given(start=points, end=points)
def test_a_segment_crosses_a_box_when_a_sample_of_it_lies_inside(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    box = Box(30, 40, 60, 70)
    shares = [step / 200 for step in range(201)]
    samples = [tuple(a + (b - a) * share for a, b in zip(start, end, strict=True)) for share in shares]
    if any(box.left < x < box.right and box.bottom < y < box.top for x, y in samples):
        assert box.crossed_by((start, end))
    if not box.crossed_by((start, end)):
        assert not any(30.001 < x < 59.999 and 40.001 < y < 69.999 for x, y in samples)
