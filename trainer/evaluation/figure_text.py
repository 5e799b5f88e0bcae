"""Figures as text for the terminal."""

# Smaller and larger ones have so many digits rather than decimals.
LEAST, MOST = 0.001, 1000


def figure_text(value: float | None, sign: str = "") -> str:
    """Returns a figure with four decimals, or four digits if it is tiny or large.

    Args:
        value: the figure; None if it is not known.
        sign: ``+`` to show that of positive ones too.

    Examples:
        >>> [figure_text(value) for value in (None, 0.61234, 0.00001234, 12345.0)]
        ['-', '0.6123', '1.234e-05', '1.234e+04']
        >>> figure_text(0.5, "+")
        '+0.5000'
    """
    if value is None:
        return "-"
    plain = value == 0 or LEAST <= abs(value) < MOST
    return format(value, f"{sign}.4f" if plain else f"{sign}.4g")
