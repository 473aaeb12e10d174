"""Says how alike the texts of one batch are, which no store knows yet."""

from collections.abc import Callable, Sequence

import numpy as np

from headchef.embedding import Vector


def likeness(vectors: Sequence[Vector]) -> Callable[[int, int], float]:
    """Compare all with all.

    Args:
        vectors: of length 1.

    Returns:
        Gives the cosine of the angle between two, by their places.
    """
    rows = np.asarray(vectors, dtype=np.float32)
    products = rows @ rows.T
    return lambda one, other: float(products[one, other])
