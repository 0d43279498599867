"""The residual networks, and the tables that name them."""

from sact_keras.lazy import lazy_names

_NAMES = {
    "AdaptiveResNet": "sact_keras.models.adaptive_resnet",
    "METHODS": "sact_keras.models.methods",
    "Method": "sact_keras.models.method",
    "PolicyNetwork": "sact_keras.models.policy_network",
    "build_model": "sact_keras.models.builder",
}

__all__ = ["METHODS", "AdaptiveResNet", "Method", "PolicyNetwork", "build_model"]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
