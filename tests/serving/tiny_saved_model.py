"""A SavedModel with the signatures of an exported network, and three classes.

It tells red, green and blue pictures apart, at a cost that can be said beforehand: the
pixels of the image, times the budget.
"""

import tensorflow as tf

BYTES = tf.TensorSpec([None], tf.string, "image_bytes")
BUDGET = tf.TensorSpec([None], tf.float32, "compute_budget")
TOP_K = 2


def save_tiny_model(directory, *, units=3.0):
    """Writes it; `units` is what it returns as `num_units`, to tell versions apart."""
    module = tf.Module()

    def look(encoded):
        image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
        mean = tf.reduce_mean(tf.cast(image, tf.float32), [0, 1])
        shape = tf.shape(image)
        return mean / 64.0, tf.cast(shape[0] * shape[1], tf.float32)

    def serve(image_bytes, budget):
        means, sizes = tf.map_fn(
            look, image_bytes, fn_output_signature=(tf.float32, tf.float32)
        )
        means = tf.ensure_shape(means, [None, 3])
        probabilities = tf.nn.softmax(means)
        scores, classes = tf.math.top_k(probabilities, TOP_K)
        return {
            "probabilities": probabilities,
            "classes": classes,
            "scores": scores,
            "flops": tf.cast(sizes * budget, tf.int64),
            "num_units": units * budget,
        }

    @tf.function(input_signature=[BYTES])
    def serve_bytes(image_bytes):
        return serve(image_bytes, tf.ones(tf.shape(image_bytes)))

    @tf.function(input_signature=[BYTES, BUDGET])
    def serve_bytes_with_budget(image_bytes, compute_budget):
        return serve(image_bytes, compute_budget)

    @tf.function(input_signature=[BYTES])
    def ponder_map_bytes(image_bytes):
        def draw(encoded):
            image = tf.io.decode_image(encoded, channels=3, expand_animations=False)
            return tf.io.encode_png(255 - image)

        return {
            "heatmap_bytes": tf.map_fn(draw, image_bytes, fn_output_signature=tf.string)
        }

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], name="images")])
    def serving_default(images):
        return {"means": tf.reduce_mean(images, [1, 2])}

    signatures = {
        "serving_default": serving_default,
        "serve_bytes": serve_bytes,
        "serve_bytes_with_budget": serve_bytes_with_budget,
        "ponder_map_bytes": ponder_map_bytes,
    }
    for name, function in signatures.items():
        setattr(module, name, function)
    tf.saved_model.save(module, str(directory), signatures=signatures)
