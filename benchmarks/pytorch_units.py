"""Residual units and what decides about them, written for PyTorch.

The parts of `pytorch_masked`, in PyTorch's usual idioms. All run in evaluation mode.
"""

import torch
from torch import nn
from torch.nn import functional

EXPANSION = 4
GATE_UNITS = 16


class PreactivationBottleneck(nn.Module):
    """SACT's unit on ImageNet: norms and ReLUs ahead of the convolutions.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the output.
        stride: Stride of the 3x3 convolution and of the shortcut.
    """

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        inner = channels // EXPANSION
        self.stride = stride
        self.preact = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, inner, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, channels, 1)
        self.shortcut = None
        if in_channels != channels:
            self.shortcut = nn.Conv2d(in_channels, channels, 1, stride)

    def forward(self, inputs: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Runs under a mask, [N, 1, h, w]; None for everywhere."""
        preact = torch.relu(self.preact(inputs))
        hidden = torch.relu(self.norm1(self.conv1(preact)))
        residual = self.conv3(torch.relu(self.norm2(self.conv2(hidden))))
        if self.shortcut is not None:
            shortcut = self.shortcut(preact)
        else:
            shortcut = inputs[:, :, :: self.stride, :: self.stride]
        return shortcut + (residual if mask is None else mask * residual)


class PostactivationUnit(nn.Module):
    """A ResNet's unit, whose last ReLU follows the addition.

    Args:
        in_channels: Channels of the input.
        channels: Channels of the output.
        stride: Stride of the unit.
        bottleneck: Whether it is a 3x3 convolution between two of 1x1, else two of 3x3.
    """

    def __init__(
        self, in_channels: int, channels: int, stride: int, bottleneck: bool
    ) -> None:
        super().__init__()
        inner = channels // EXPANSION
        if bottleneck:
            self.residual = nn.Sequential(
                *_convolution(in_channels, inner, 1),
                nn.ReLU(inplace=True),
                *_convolution(inner, inner, 3, stride),
                nn.ReLU(inplace=True),
                *_convolution(inner, channels, 1),
            )
        else:
            self.residual = nn.Sequential(
                *_convolution(in_channels, channels, 3, stride),
                nn.ReLU(inplace=True),
                *_convolution(channels, channels, 3),
            )
        self.shortcut = nn.Identity()
        if in_channels != channels or stride > 1:
            self.shortcut = nn.Sequential(
                *_convolution(in_channels, channels, 1, stride)
            )

    def forward(self, inputs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Runs under a mask, [N, 1, h, w] or [N, 1, 1, 1]."""
        return torch.relu(self.shortcut(inputs) + mask * self.residual(inputs))


class HaltingBranch(nn.Module):
    """SACT's halting score of each position, [N, 1, h, w]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.local_norm = nn.BatchNorm2d(channels)
        self.local = nn.Conv2d(channels, 1, 3, padding=1)
        self.global_norm = nn.BatchNorm2d(channels)
        self.whole = nn.Conv2d(channels, 1, 1, bias=False)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Looks at what a unit has made."""
        pooled = functional.adaptive_avg_pool2d(inputs, 1)
        whole = self.whole(self.global_norm(pooled))
        return torch.sigmoid(self.local(self.local_norm(inputs)) + whole)


class MaskUnit(nn.Module):
    """DynConv's mask of positions, [N, 1, h, w]."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.local = nn.Conv2d(channels, 1, 3, stride, 1)
        self.whole = nn.Conv2d(channels, 1, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Looks at a unit's input."""
        whole = self.whole(functional.adaptive_avg_pool2d(inputs, 1))
        return (self.local(inputs) + whole >= 0).to(inputs.dtype)


class ImageGate(nn.Module):
    """ConvNet-AIG's decision about an image, [N, 1, 1, 1]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.hidden = nn.Conv2d(channels, GATE_UNITS, 1)
        self.norm = nn.BatchNorm2d(GATE_UNITS)
        self.logits = nn.Conv2d(GATE_UNITS, 2, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Looks at a unit's input."""
        pooled = functional.adaptive_avg_pool2d(inputs, 1)
        logits = self.logits(torch.relu(self.norm(self.hidden(pooled))))
        return (logits[:, 1:] > logits[:, :1]).to(inputs.dtype)


def _convolution(
    in_channels: int, channels: int, kernel_size: int, stride: int = 1
) -> tuple[nn.Module, nn.Module]:
    """A convolution and its norm."""
    convolution = nn.Conv2d(
        in_channels, channels, kernel_size, stride, kernel_size // 2, bias=False
    )
    return convolution, nn.BatchNorm2d(channels)
