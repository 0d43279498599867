"""The residual network of every method."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from sact_keras.accounting import account
from sact_keras.kernels.types import Tensor
from sact_keras.layers import AdaptiveBlock
from sact_keras.layers.compute_budget import budget_of_images
from sact_keras.models.dtype_policy import using_dtype_policy
from sact_keras.models.families import FAMILIES, Family
from sact_keras.models.given import check_given
from sact_keras.models.method import BlockPlan, Method
from sact_keras.models.method_training import MethodTraining
from sact_keras.models.methods import METHODS
from sact_keras.models.target_rates import parse_target_rates


@keras.saving.register_keras_serializable(package="sact_keras")
class AdaptiveResNet(MethodTraining):
    """A residual network whose blocks run under a method's decisions.

    Stem, blocks of residual units, classifier. The method (`model_type`) makes one
    decision a block and may add a loss; units execute under the masks, and the account
    of a forward pass is read off them. Use `sact_keras.build_model` to make one.

    Args:
        model_type: The method, a key of `METHODS`.
        family: The ResNet family, "cifar" or "imagenet".
        num_units: Residual units of each block.
        num_classes: Number of classes.
        base_channels: The base of the blocks' widths; None for the family's.
        variant: Which original's ResNet; None for the method's.
        unit: Type of the residual units, "basic" or "bottleneck"; None for the
            family's.
        arguments: Arguments of the method; the rest take their defaults.

    Input shape:
        [N, H, W, 3]: preprocessed images, float32.

    Output:
        A dictionary; [h, w] is a block's resolution.
            logits: float32 [N, num_classes].
            flops, block_1/flops: 2 x multiply-accumulates that each image needed,
                int64 [N] (float32 on JAX without 64-bit integers).
            macs: the same in multiply-accumulates as the original counts and reports
                them, int64 [N]; in the variant "dynconv".
            masks: a list with the decision about each unit, zeros and ones, float32
                [N] or [N, h, w].
            block_1/num_units: executed units, int32 [N] or [N, h, w].
            num_units_map: the same by pixel, summed over blocks, int32 [N, H, W].
            block_1/ponder_cost, block_1/halting_distribution, ponder_cost_map: with
                halting, float32 (see `HaltingDecision`).
            block_1/gate_probability: with gates of images, float32 (see
                `GateDecision`).
            policy_probability, policy_value: with a policy, float32 (see
                `PolicyNetwork`). In training also baseline_policy and baseline_logits,
                of the likeliest policy; all else is of the one that was drawn.

    Raises:
        ValueError: If an argument is unknown or out of range.

    Example:
        >>> model = AdaptiveResNet("sact", "cifar", (1, 2, 1), num_classes=10)
        >>> outputs = model(ops.zeros((2, 32, 32, 3)))
        >>> outputs["block_2/num_units"].shape
        TensorShape([2, 16, 16])
    """

    def __init__(
        self,
        model_type: str,
        family: str,
        num_units: Sequence[int],
        num_classes: int,
        base_channels: int | None = None,
        variant: str | None = None,
        unit: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        method = METHODS[model_type]
        variant = variant or method.variant
        if (family, variant) not in FAMILIES:
            known = ", ".join(v for f, v in FAMILIES if f == family)
            raise ValueError(
                f"variant must be one of {known} in the family {family!r}. "
                f"Received: variant={variant!r}"
            )
        design = FAMILIES[family, variant].of_units(unit)
        base_channels = design.base_channels if base_channels is None else base_channels
        for name, value in (
            ("num_classes", num_classes),
            ("base_channels", base_channels),
        ):
            if value < 1:
                raise ValueError(f"{name} must be at least 1. Received: {name}={value}")
        depth = "_".join(str(number) for number in num_units)
        kwargs.setdefault("name", f"{model_type}_resnet_{depth}")
        super().__init__(**kwargs)
        # Layers cast what they compute on; noise and progress stay in float32.
        self.autocast = False
        self.model_type = model_type
        self.family = family
        self.variant = variant
        self.num_units = tuple(num_units)
        self.num_classes = num_classes
        self.base_channels = base_channels
        self.unit = design.unit_type
        self.reports_macs = design.reports_macs
        self.arguments = method.complete(arguments or {}, sum(self.num_units))
        self.block_names = [f"block_{i + 1}" for i in range(len(self.num_units))]
        with using_dtype_policy(self.dtype_policy):
            self.stem = design.stem(base_channels)
            self.blocks = [
                self._make_block(index, design, method)
                for index in range(len(self.num_units))
            ]
            self.head = design.head(num_classes)
            self.policy = None
            if method.policy is not None:
                self.policy = method.policy(
                    self.arguments, family, sum(self.num_units), base_channels
                )
        self.progress = None
        if method.anneals:
            self.progress = self.add_weight(
                shape=(), initializer="zeros", trainable=False, name="progress"
            )
        self.make_metrics()

    @property
    def target_rates(self) -> tuple[float, ...] | None:
        """The target rate of each unit; None where the method has none."""
        if "target_rates" not in self.arguments:
            return None
        return parse_target_rates(
            self.arguments["target_rates"],
            self.arguments["target_rate"],
            sum(self.num_units),
        )

    def _make_block(self, index: int, design: Family, method: Method) -> AdaptiveBlock:
        num_units = self.num_units[index]
        plan = BlockPlan(
            index,
            num_units=num_units,
            filters=design.widths[index] * self.base_channels,
            style=design.style,
            activated=design.activated_halting,
            family=self.family,
            strides=design.strides[index],
            first_unit=sum(self.num_units[:index]),
            total_units=sum(self.num_units),
        )
        units = design.make_units(index, num_units, self.base_channels)
        decision = method.decide(plan, self.arguments)
        return AdaptiveBlock(units, decision, name=self.block_names[index])

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the weights for images of `input_shape`, [N, H, W, channels]."""
        if self.policy is not None:
            self.policy.build(input_shape)
        self.stem.build(input_shape)
        features_shape = self.stem.compute_output_shape(input_shape)
        for block in self.blocks:
            block.build(features_shape)
            features_shape = block.features_shape(features_shape)
        self.head.build(features_shape)
        if self.method.frozen(self.arguments):
            # Only now: layers have made all of their own.
            for layer in (self.stem, *self.blocks, self.head):
                layer.trainable = False
        self.built = True

    def call(
        self,
        inputs: Tensor,
        training: bool = False,
        noise: Sequence[Tensor] | None = None,
        policy: Tensor | None = None,
        masks: Sequence[Tensor] | None = None,
        compute_budget: Tensor | float | None = None,
    ) -> dict[str, Any]:
        """Runs the network.

        Args:
            inputs: Images, [N, H, W, 3].
            training: Whether the network is being trained.
            noise: What decisions take instead of drawing at random: one tensor a unit,
                of uniform draws in [0, 1) ([N, 2] for `GateDecision`, [N, h, w, 2] for
                `MaskDecision`, [N] for `PolicyNetwork`). None draws.
            policy: With a policy network: what to run instead of what it decides, zeros
                and ones, [N, units].
            masks: What to execute instead of what is decided, one tensor a unit of
                zeros and ones, [N] or, where it is positions, [N, h, w]. With halting a
                mask keeps only what the one before kept, and first units run anyway.
            compute_budget: Without training: multiplies the odds in favour of running
                at each threshold, for all images or for each, [N]; 1 decides as
                trained. See `sact_keras.layers.compute_budget`.

        Returns:
            The outputs; see the class.

        Raises:
            ValueError: If there are not as many tensors of noise, or masks, as units,
                or a policy is given to a network without one, or for other units; if a
                budget is given in training, is negative or of another shape.
        """
        if policy is not None:
            policy = ops.convert_to_tensor(policy, "float32")
        check_given(self, noise=noise, policy=policy, masks=masks)
        budget = budget_of_images(compute_budget, inputs, training)
        if self.policy is None:
            return self._run(
                inputs, training, noise=noise, masks=masks, compute_budget=budget
            )
        decided = self.policy(
            inputs,
            training=training,
            noise=noise,
            policy=policy,
            compute_budget=budget,
        )
        policy, baseline = decided.pop("policy"), decided.get("baseline_policy")
        if baseline is not None:
            # Ahead of the policy that was drawn, as the original does: where batch
            # norms are trained, the order is seen in their moving averages.
            ahead = self._run(inputs, training, policy=baseline)
            decided["baseline_logits"] = ahead["logits"]
        return {**self._run(inputs, training, policy=policy, masks=masks), **decided}

    def _run(
        self,
        inputs: Tensor,
        training: bool,
        noise: Sequence[Tensor] | None = None,
        policy: Tensor | None = None,
        masks: Sequence[Tensor] | None = None,
        compute_budget: Tensor | None = None,
    ) -> dict[str, Any]:
        features = self.stem(inputs, training=training)
        progress = 0.0 if self.progress is None else self.progress
        start = 0
        reports, executed, ponder_costs = {}, {}, {}
        for name, block in zip(self.block_names, self.blocks, strict=True):
            units = slice(start, start + len(block.units))
            report = block(
                features,
                training=training,
                progress=progress,
                noise=None if noise is None else noise[units],
                policy=None if policy is None else policy[:, units],
                masks=None if masks is None else masks[units],
                compute_budget=compute_budget,
            )
            start = units.stop
            features, executed[name] = report.pop("outputs"), report.pop("masks")
            if "ponder_cost" in report:
                ponder_costs[name] = report["ponder_cost"]
            reports.update({f"{name}/{key}": value for key, value in report.items()})
        size = ops.shape(inputs)[1:3]
        outputs = {
            "logits": self.head(features, training=training),
            "masks": [mask for of_block in executed.values() for mask in of_block],
            **reports,
            **account(self, size, executed, ponder_costs),
        }
        self.add_loss_of_method(outputs)
        return outputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
            "model_type": self.model_type,
            "family": self.family,
            "num_units": list(self.num_units),
            "num_classes": self.num_classes,
            "base_channels": self.base_channels,
            "variant": self.variant,
            "unit": self.unit,
            "arguments": dict(self.arguments),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> "AdaptiveResNet":
        """Makes the model from `get_config`'s dictionary."""
        del custom_objects
        return cls(**config)
