"""The words by which quantization is asked for; nothing here imports TensorFlow."""

QUANTIZATIONS = ("none", "float16", "dynamic", "int8")
"""What weights become, from the most exact to the smallest and fastest."""
