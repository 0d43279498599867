"""What the files that squeezing writes are called; without Keras, for the driver."""

SQUEEZED_SUFFIXES = (".weights.h5", ".keras")
"""For the weights alone, and for the network as well."""
