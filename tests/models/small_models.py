"""Small models of each method, ready to train."""

import keras

import sact_keras


def small_model(model_type, **arguments):
    return sact_keras.build_model(
        model_type, **{"model": "1_2_1", "base_channels": 4, **arguments}
    )


def compiled(model, learning_rate=0.05, **kwargs):
    model.compile(
        keras.optimizers.SGD(learning_rate, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        **kwargs,
    )
    # A graph that makes the optimizer's variables is traced a second time.
    model.optimizer.build(model.trainable_variables)
    return model
