"""The networks of BlockDrop that are compared with their oracle."""

from policy_case import PolicyCase

IMAGENET = {"dataset": "imagenet", "base_channels": 8, "num_classes": 7, "images": 5}

# In evaluation mode.
EVALUATION = {
    "CIFAR": PolicyCase("1_2_1", (1, 2, 1), (32, 24)),
    "CIFAR, wider": PolicyCase(
        "2_1_3", (2, 1, 3), (16, 16), seed=1, base_channels=6, num_classes=100
    ),
    # A window of a shortcut that reaches beyond the edge averages what is inside; the
    # original does not run at all. 19 x 13 pixels are 10 x 7 and 5 x 4 positions.
    "CIFAR, odd": PolicyCase("2", (2, 2, 2), (19, 13), seed=2),
    "CIFAR, some units free": PolicyCase("2", (2, 2, 2), (16, 16), free_units=2),
    "ImageNet": PolicyCase("1_1_1_1", (1, 1, 1, 1), (64, 96), **IMAGENET),
    # 101 x 74 pixels are 26 x 19, 13 x 10, 7 x 5 and 4 x 3 positions; the policy
    # network's are of 50 x 37 pixels.
    "ImageNet, odd": PolicyCase("1_2_1_2", (1, 2, 1, 2), (101, 74), seed=1, **IMAGENET),
}

# In training mode.
TRAINING = {
    "finetuning": PolicyCase("1_2_1", (1, 2, 1), (32, 24)),
    "finetuning, odd": PolicyCase(
        "2", (2, 2, 2), (19, 13), seed=1, arguments={"penalty": -2.5, "alpha": 0.95}
    ),
    "finetuning on ImageNet": PolicyCase("1_2_1_1", (1, 2, 1, 1), (65, 98), **IMAGENET),
    "curriculum": PolicyCase("1_3_2", (1, 3, 2), (24, 20), stage="curriculum"),
    "curriculum, first epoch": PolicyCase(
        "2_1_2", (2, 1, 2), (16, 16), stage="curriculum", free_units=1
    ),
    "curriculum, some free": PolicyCase(
        "2",
        (2, 2, 2),
        (17, 16),
        seed=1,
        stage="curriculum",
        free_units=4,
        arguments={"penalty": -10.0, "alpha": 0.7, "beta": 0.5},
    ),
    "curriculum on ImageNet": PolicyCase(
        "2_1_1_1", (2, 1, 1, 1), (64, 64), stage="curriculum", free_units=3, **IMAGENET
    ),
}

# Of the original's own depths and widths, in either mode.
WIDE = {"base_channels": 16}
PUBLISHED = {
    "ResNet-32": PolicyCase("5", (5, 5, 5), (32, 32), **WIDE),
    "ResNet-110": PolicyCase("18", (18, 18, 18), (32, 32), num_classes=100, **WIDE),
    "ResNet-101": PolicyCase(
        "101",
        (3, 4, 23, 3),
        (224, 224),
        dataset="imagenet",
        base_channels=64,
        num_classes=1000,
        images=2,
    ),
}
