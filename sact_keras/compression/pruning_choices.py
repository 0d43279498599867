"""The words by which pruning is asked for; nothing here imports TensorFlow or Keras."""

PRUNE_BLOCKS = ("1x1", "1x4", "2:4")
"""What is pruned as one: a weight; four weights of neighbouring output channels; two of
each four weights of neighbouring input channels."""

PRUNE_ALSO = ("decisions", "last_layer")
"""What is left alone unless it is asked for."""
