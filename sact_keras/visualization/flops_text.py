"""Floating point operations, as short as captions need them."""


def flops_text(flops: float) -> str:
    """Says how many floating point operations there are.

    Args:
        flops: Zero or more.

    Returns:
        In millions, or in thousands of millions (G) from there on.

    Example:
        >>> flops_text(82_393_168), flops_text(8_238_000_000)
        ('82.4 MFLOPs', '8.24 GFLOPs')
    """
    millions = flops / 1e6
    if millions < 1000:
        return f"{millions:.1f} MFLOPs"
    return f"{millions / 1000:.2f} GFLOPs"
