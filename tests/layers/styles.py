"""The styles that the layers are tested in."""

from sact_keras.layers import Style

CIFAR = Style(momentum=0.9, epsilon=1e-3, negative_slope=0.1, weight_decay=2e-4)
IMAGENET = Style(momentum=0.997, epsilon=1e-5)
PYTORCH = Style(
    momentum=0.9, epsilon=1e-5, initialization="fan_out", unbiased_variance=True
)
