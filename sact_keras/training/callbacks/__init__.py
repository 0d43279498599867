"""Keras callbacks of the training, one a module; all keyed to the global step."""
