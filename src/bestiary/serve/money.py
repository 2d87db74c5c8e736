"""Prices as the kernels add them: exact decimals with six digits after the point, here as whole millionths.

DuckDB's casts are DOUBLE to DECIMAL(18, 6), whose halves go up after a multiplication in doubles, and DECIMAL(38, 6)
to DOUBLE, which is the nearest double.
"""

MILLION = 10**6


def millionths(price: float) -> int:
    """A price, at least 0 and below 1e12, as millionths.

    >>> millionths(2.675), millionths(0.0000005)
    (2675000, 1)
    """
    exact = price * MILLION
    whole = int(exact)
    return whole + (exact - whole >= 0.5)


def amount(millionths: int) -> float:
    """A sum of millionths as the nearest double; whole numbers divide without an error of their own."""
    return millionths / MILLION
