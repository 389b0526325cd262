import numpy as np
import numpy.typing as npt

_Rows = npt.NDArray[np.float64]

def all_minima(row: _Rows, reference: _Rows, samples: int, out: _Rows, /) -> int: ...
def solve(rows: _Rows, references: _Rows, max_distance: float, tolerance: float, out: _Rows, /) -> None: ...
