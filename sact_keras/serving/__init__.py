"""SavedModels that serve, and what TensorFlow Serving wants to know beside them."""
