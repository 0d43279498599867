"""The vanilla CIFAR ResNet of this project, written for PyTorch.

The measure that `training_speed` holds the project's own models against: the same
layers, initialisation and weights to count, in PyTorch's usual idioms.
"""

import torch
from torch import nn
from torch.nn import functional

NEGATIVE_SLOPE = 0.1


class PreactivationUnit(nn.Module):
    """Two 3x3 convolutions behind a batch norm and a leaky ReLU.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the output.
        stride: Stride of the first convolution and of the shortcut's pooling.
        preactivated_shortcut: Whether the shortcut carries the pre-activation.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int,
        preactivated_shortcut: bool,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.widening = channels - in_channels
        self.preactivated_shortcut = preactivated_shortcut
        self.preact = batch_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.conv1_norm = batch_norm(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Maps [N, in_channels, H, W] to [N, channels, H / stride, W / stride]."""
        preact = functional.leaky_relu(self.preact(inputs), NEGATIVE_SLOPE)
        # The original applies the activation twice here: the slopes multiply.
        hidden = functional.leaky_relu(
            self.conv1_norm(self.conv1(preact)), NEGATIVE_SLOPE**2
        )
        shortcut = preact if self.preactivated_shortcut else inputs
        if self.stride > 1:
            shortcut = functional.avg_pool2d(shortcut, self.stride)
        if self.widening:
            before = self.widening // 2
            shortcut = functional.pad(
                shortcut, (0, 0, 0, 0, before, self.widening - before)
            )
        return shortcut + self.conv2(hidden)


class ResNet(nn.Module):
    """Three blocks of pre-activation units on 32x32 images.

    Args:
        units: Units in each block: 5 for ResNet-32.
        num_classes: Number of logits.
        base_channels: Channels of the stem and of the first block.
    """

    def __init__(
        self, units: int = 5, num_classes: int = 10, base_channels: int = 16
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, base_channels, 3, 1, 1)
        layers = []
        in_channels = base_channels
        for block in range(3):
            channels = base_channels * 2**block
            for unit in range(units):
                stride = 2 if block and not unit else 1
                layers.append(
                    PreactivationUnit(
                        in_channels, channels, stride, preactivated_shortcut=not layers
                    )
                )
                in_channels = channels
        self.units = nn.Sequential(*layers)
        self.head_norm = batch_norm(in_channels)
        self.logits = nn.Linear(in_channels, num_classes)
        for parameter in kernels(self):
            deviation = (2.6 / parameter[0].numel()) ** 0.5  # [out, in, ...]
            nn.init.trunc_normal_(
                parameter, std=deviation, a=-2 * deviation, b=2 * deviation
            )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Maps [N, 3, 32, 32] to logits, [N, num_classes]."""
        features = self.units(self.stem(images)).mean(dim=(2, 3))
        features = self.head_norm(features[..., None, None]).flatten(1)
        return self.logits(functional.leaky_relu(features, NEGATIVE_SLOPE))


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """A batch norm of the family's decay and epsilon."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.1)


def kernels(model: nn.Module) -> list[nn.Parameter]:
    """The weights that decay: all kernels, but no biases and no norms."""
    return [parameter for parameter in model.parameters() if parameter.ndim > 1]


def optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """SGD as the family is trained: momentum 0.9, L2 2e-4 on kernels."""
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    return torch.optim.SGD(
        [
            {"params": kernels(model), "weight_decay": 2e-4},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=0.1,
        momentum=0.9,
    )
