"""The gated networks that are compared with their oracle."""

from gated_case import GatedCase

IMAGENET = {"dataset": "imagenet", "num_classes": 7, "images": 4}
BOTTLENECKS = IMAGENET | {"unit": "bottleneck"}
TO_THE_END = {"noise_until": 1.0}
MIXED = {"target_rates": [1.0, 0.4, 1.0, 0.7, 0.5, 1.0]}

# In evaluation mode.
EVALUATION = {
    "aig": GatedCase("aig", "1_4_2", (1, 4, 2), (24, 20)),
    "aig, odd": GatedCase(
        "aig", "2", (2, 2, 2), (17, 23), seed=1, base_channels=5, num_classes=100
    ),
    "aig, sampling": GatedCase(
        "aig", "3_1_2", (3, 1, 2), (32, 16), arguments={"gate_eval": "sample"}
    ),
    "aig, some ungated": GatedCase(
        "aig", "2", (2, 2, 2), (16, 16), arguments=MIXED | {"gate_eval": "sample"}
    ),
    "aig on ImageNet": GatedCase(
        "aig", "1_2_1_3", (1, 2, 1, 3), (33, 47), **BOTTLENECKS
    ),
    "aig on ImageNet, wide": GatedCase(
        "aig", "2_1_2_1", (2, 1, 2, 1), (98, 65), base_channels=12, **BOTTLENECKS
    ),
    "dynconv": GatedCase("dynconv", "1_3_2", (1, 3, 2), (32, 24)),
    "dynconv, odd": GatedCase(
        "dynconv", "2", (2, 2, 2), (19, 13), seed=1, base_channels=5, num_classes=100
    ),
    "dynconv on ImageNet": GatedCase(
        "dynconv", "basic_2_1_2_1", (2, 1, 2, 1), (65, 98), **IMAGENET
    ),
    "bottlenecks": GatedCase(
        "dynconv", "1_2_2_1", (1, 2, 2, 1), (64, 96), **BOTTLENECKS
    ),
    # 45 x 61 pixels are 12 x 16, 6 x 8, 3 x 4 and 2 x 2 positions.
    "bottlenecks, odd": GatedCase(
        "dynconv", "2_1_1_2", (2, 1, 1, 2), (45, 61), seed=1, **BOTTLENECKS
    ),
    # 100 x 74 pixels are 25 x 19, 13 x 10, 7 x 5 and 4 x 3.
    "bottlenecks, odd in every block": GatedCase(
        "dynconv", "1_1_2_1", (1, 1, 2, 1), (100, 74), base_channels=6, **BOTTLENECKS
    ),
    "vanilla": GatedCase(
        "vanilla", "1_2_1", (1, 2, 1), (21, 18), arguments={"variant": "aig"}
    ),
    "vanilla on ImageNet": GatedCase(
        "vanilla",
        "1_2_1_1",
        (1, 2, 1, 1),
        (45, 61),
        arguments={"variant": "dynconv"},
        **BOTTLENECKS,
    ),
}

# In training mode.
TRAINING = {
    "aig": GatedCase("aig", "1_3_2", (1, 3, 2), (24, 20)),
    "aig, last epoch": GatedCase(
        "aig", "1_1_2", (1, 1, 2), (16, 16), moment=(349, 350), arguments=TO_THE_END
    ),
    "aig, without noise": GatedCase(
        "aig",
        "1_1_2",
        (1, 1, 2),
        (16, 16),
        moment=(6, 10),
        arguments={"noise_until": 0.5},
    ),
    "aig, some ungated": GatedCase(
        "aig", "2", (2, 2, 2), (17, 23), seed=1, arguments=MIXED
    ),
    "aig, all gated": GatedCase(
        "aig", "2", (2, 2, 2), (16, 16), arguments=MIXED | {"gate_all_units": True}
    ),
    "aig on ImageNet, all gated": GatedCase(
        "aig",
        "1_2_2_1",
        (1, 2, 2, 1),
        (65, 97),
        arguments=MIXED | {"gate_all_units": True},
        **BOTTLENECKS,
    ),
    "aig on ImageNet": GatedCase(
        "aig",
        "1_2_2_1",
        (1, 2, 2, 1),
        (64, 64),
        arguments={"target_rate": 0.3},
        **BOTTLENECKS,
    ),
    "dynconv": GatedCase("dynconv", "1_3_2", (1, 3, 2), (32, 24)),
    "dynconv, bounds half open": GatedCase(
        "dynconv",
        "2",
        (2, 2, 2),
        (19, 13),
        seed=1,
        moment=(58, 350),
        arguments={"budget": 0.25},
    ),
    "dynconv, last epoch with noise": GatedCase(
        "dynconv", "2_1_1", (2, 1, 1), (16, 16), moment=(280, 350)
    ),
    "dynconv, first epoch without": GatedCase(
        "dynconv", "2_1_1", (2, 1, 1), (16, 16), moment=(281, 350)
    ),
    "dynconv on ImageNet": GatedCase(
        "dynconv",
        "basic_1_2_1_1",
        (1, 2, 1, 1),
        (65, 98),
        moment=(20, 100),
        arguments={"budget": 0.7, "budget_weight": 3.0},
        **IMAGENET,
    ),
    "bottlenecks, odd": GatedCase(
        "dynconv",
        "1_2_1_1",
        (1, 2, 1, 1),
        (100, 74),
        moment=(5, 100),
        arguments={"budget": 0.3},
        **BOTTLENECKS,
    ),
}

# Of the originals' own depths and widths, in either mode.
WIDE = {"base_channels": 16}
PHOTOGRAPHS = {
    "dataset": "imagenet",
    "base_channels": 64,
    "num_classes": 1000,
    "images": 2,
}
PUBLISHED = {
    "ResNet-110, aig": GatedCase(
        "aig", "18", (18, 18, 18), (32, 32), arguments=TO_THE_END, **WIDE
    ),
    "ResNet-50, aig": GatedCase(
        "aig",
        "50",
        (3, 4, 6, 3),
        (224, 224),
        unit="bottleneck",
        arguments=TO_THE_END,
        **PHOTOGRAPHS,
    ),
    "ResNet-20, dynconv": GatedCase("dynconv", "3", (3, 3, 3), (32, 32), **WIDE),
    "ResNet-32, dynconv": GatedCase("dynconv", "5", (5, 5, 5), (32, 32), **WIDE),
    "ResNet-18, dynconv": GatedCase(
        "dynconv", "18", (2, 2, 2, 2), (224, 224), **PHOTOGRAPHS
    ),
    "ResNet-50, dynconv": GatedCase(
        "dynconv", "50", (3, 4, 6, 3), (224, 224), unit="bottleneck", **PHOTOGRAPHS
    ),
}
