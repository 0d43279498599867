"""Reads the lists among the benchmark's flags; without Keras, for flags."""


def parse_batch_sizes(text: str) -> tuple[int, ...]:
    """Reads what `--benchmark_batch_sizes` says.

    Args:
        text: Whole numbers above 0, joined by commas.

    Raises:
        ValueError: If it is not of that form.

    Example:
        >>> parse_batch_sizes("128,32,1")
        (128, 32, 1)
    """
    parts = [part.strip() for part in text.split(",")]
    if all(part.isdecimal() and int(part) > 0 for part in parts):
        return tuple(int(part) for part in parts)
    raise ValueError(
        "benchmark_batch_sizes must be whole numbers above 0, joined by commas "
        f"('1,32'). Received: benchmark_batch_sizes={text}"
    )


def parse_force_rates(text: str | None) -> tuple[float, ...] | None:
    """Reads what `--force_rate` says.

    Args:
        text: Numbers in [0, 1], joined by commas; None where it is not given.

    Raises:
        ValueError: If it is not of that form.

    Example:
        >>> parse_force_rates("0.25,0.5")
        (0.25, 0.5)
    """
    if text is None:
        return None
    try:
        rates = tuple(float(part) for part in text.split(","))
    except ValueError:
        rates = ()
    # Written so that NaN fails it too.
    if rates and all(0 <= rate <= 1 for rate in rates):
        return rates
    raise ValueError(
        "force_rate must be numbers in [0, 1], joined by commas ('0.25,0.5'). "
        f"Received: force_rate={text}"
    )
