"""The adaptive networks of this project under masks, written for PyTorch.

What a user would run instead of the compact executor: everything is computed and then
multiplied by masks. The masks are handed over; what would decide is computed all the
same, as it is in the compact executor.
"""

from collections.abc import Sequence

import torch
from torch import nn

from benchmarks.pytorch_units import (
    HaltingBranch,
    ImageGate,
    MaskUnit,
    PostactivationUnit,
    PreactivationBottleneck,
)

_NEVER = 2.0  # Above every mask and every score.
_EPS = 0.01


class MaskedResNet(nn.Module):
    """A network of SACT or DynConv (ImageNet, bottlenecks) or of ConvNet-AIG (CIFAR).

    Args:
        model_type: "sact", "dynconv" or "aig".
        num_units: Units of each block.
        num_classes: Number of logits.
        base_channels: 64 on ImageNet and 16 on CIFAR, unless it is a test.
    """

    def __init__(
        self,
        model_type: str,
        num_units: Sequence[int],
        num_classes: int,
        base_channels: int,
    ) -> None:
        super().__init__()
        self.halts = model_type == "sact"
        on_cifar = model_type == "aig"
        # The width of SACT's stem does not follow the base.
        in_channels = 64 if self.halts else base_channels
        self.stem = _stem(in_channels, normalized=not self.halts, on_cifar=on_cifar)
        self.blocks, self.deciders = nn.ModuleList(), nn.ModuleList()
        for block, number in enumerate(num_units):
            channels = base_channels * 2**block * (1 if on_cifar else 4)
            units, deciders = nn.ModuleList(), nn.ModuleList()
            for index in range(number):
                stride = 2 if block and not index else 1
                if self.halts:
                    units.append(PreactivationBottleneck(in_channels, channels, stride))
                    # There is none after the last unit.
                    if index < number - 1:
                        deciders.append(HaltingBranch(channels))
                else:
                    units.append(
                        PostactivationUnit(in_channels, channels, stride, not on_cifar)
                    )
                    deciders.append(
                        ImageGate(in_channels)
                        if on_cifar
                        else MaskUnit(in_channels, stride)
                    )
                in_channels = channels
            self.blocks.append(units)
            self.deciders.append(deciders)
        self.postnorm = (
            nn.Sequential(nn.BatchNorm2d(in_channels), nn.ReLU())
            if self.halts
            else nn.Identity()
        )
        self.logits = nn.Linear(in_channels, num_classes)

    def forward(
        self, images: torch.Tensor, masks: Sequence[torch.Tensor]
    ) -> torch.Tensor:
        """Computes logits, [N, num_classes].

        Args:
            images: [N, 3, H, W].
            masks: One a unit, [N, 1, h, w] or [N, 1, 1, 1].
        """
        features, start = self.stem(images), 0
        run = _run_halting if self.halts else _run_gated
        for units, deciders in zip(self.blocks, self.deciders, strict=True):
            end = start + len(units)
            features = run(units, deciders, features, masks[start:end])
            start = end
        return self.logits(self.postnorm(features).mean(dim=(2, 3)))


def _run_gated(
    units: nn.ModuleList,
    deciders: nn.ModuleList,
    features: torch.Tensor,
    masks: Sequence[torch.Tensor],
) -> torch.Tensor:
    """Each unit under a mask of its own."""
    for unit, decide, mask in zip(units, deciders, masks, strict=True):
        features = unit(features, _overrule(decide(features), mask))
    return features


def _run_halting(
    units: nn.ModuleList,
    deciders: nn.ModuleList,
    features: torch.Tensor,
    masks: Sequence[torch.Tensor],
) -> torch.Tensor:
    """Each unit where nothing has halted; the mean of the states by their shares."""
    outputs, running = 0.0, None
    cumulative, remainder = torch.zeros(()), torch.ones(())
    for index, unit in enumerate(units):
        mask = None if running is None else running.to(features.dtype)
        features = unit(features, mask)
        if running is None:
            running = torch.ones_like(features[:, :1], dtype=torch.bool)
        if index == len(units) - 1:
            return outputs + torch.where(running, remainder, 0.0) * features
        score = _overrule(deciders[index](features), 1 - masks[index + 1])
        cumulative = cumulative + score
        goes_on = running & (cumulative < 1 - _EPS)
        spent = torch.where(goes_on, score, 0.0)
        share = spent + torch.where(running & ~goes_on, remainder, 0.0)
        outputs = outputs + share * features
        running, remainder = goes_on, remainder - spent
    raise ValueError("units must be at least one. Received: none")


def _overrule(decided: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
    """What is given; what was decided has been computed."""
    return torch.where(decided > _NEVER, decided, given)


def _stem(channels: int, normalized: bool, on_cifar: bool) -> nn.Sequential:
    kernel_size, stride = (3, 1) if on_cifar else (7, 2)
    layers = [
        nn.Conv2d(
            3, channels, kernel_size, stride, kernel_size // 2, bias=not normalized
        )
    ]
    if normalized:
        layers += [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
    if not on_cifar:
        layers.append(nn.MaxPool2d(3, 2, 1))
    return nn.Sequential(*layers)
