"""Training and evaluation from the command line.

`flags` reads the command line, `driver` runs what it asks for. Both the training
(`train`) and the evaluation (`watch`, `evaluator`) are also to be called from Python.
`TrainingProgress` is the callback without which `fit` anneals nothing, `Curriculum` the
one by which a policy network learns from the last unit to the first.
"""

from sact_keras.lazy import lazy_names

_NAMES = {
    "Curriculum": "sact_keras.training.callbacks.curriculum",
    "Evaluation": "sact_keras.training.evaluation",
    "Evaluator": "sact_keras.training.evaluator",
    "Options": "sact_keras.training.options",
    "TrainingProgress": "sact_keras.training.callbacks.training_progress",
    "UsageError": "sact_keras.training.usage_error",
    "parse_options": "sact_keras.training.flags",
    "run": "sact_keras.training.driver",
}

__all__ = [
    "Curriculum",
    "Evaluation",
    "Evaluator",
    "Options",
    "TrainingProgress",
    "UsageError",
    "parse_options",
    "run",
]

__getattr__, __dir__ = lazy_names(__name__, _NAMES)
