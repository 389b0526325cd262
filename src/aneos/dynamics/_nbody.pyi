import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[np.float64]
_Track = tuple[float, float, int, _Array]
_Body = tuple[int, float, float]

def integrate(
    tracks: list[_Track],
    bodies: list[_Body],
    terms: tuple[int, int, int],
    rows: _Array,
    end: float,
    samples: _Array,
    sampled: _Array,
    within: tuple[float, float],
    captures: int,
    tolerance: float,
    shortest: float,
    /,
) -> tuple[bytes, bytes]: ...
def body_states(
    tracks: list[_Track], bodies: list[_Body], body: int, times: _Array, out: _Array, /
) -> None: ...
