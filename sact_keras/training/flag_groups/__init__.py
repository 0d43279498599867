"""The program's flags by group; nothing here imports TensorFlow or Keras."""
