"""A sweep with numbers that are easy to recognize."""


def made_up_sweep(ponder_cost=None):
    rows = [
        _row(0.5, 0.5, 100e6),
        _row(1.0, 0.7, 200e6),
        _row(float("inf"), 2 / 3, 4e8),
    ]
    for row in rows if ponder_cost is not None else ():
        row["ponder_cost"] = ponder_cost
    return {
        "header": {
            "model": {"model_type": "aig", "num_units": [1, 2, 1]},
            "batch_size": 16,
            "rounds": 3,
        },
        "evaluated": {
            "step": 7,
            "dataset": "shapes",
            "split": "test",
            "checkpoint": "runs/one",
        },
        "dense": {
            "flops": 400_000_000,
            "milliseconds": 8.0,
            "milliseconds_lower": 7.0,
            "milliseconds_upper": 9.0,
        },
        "budgets": rows,
    }


def _row(budget, accuracy, flops):
    milliseconds = flops / 1e8
    return {
        "compute_budget": budget,
        "num_examples": 24,
        "accuracy": accuracy,
        "flops_mean": flops,
        "flops_std": 1e6 / 3,
        "num_units": flops / 1e8,
        "flops_share": flops / 4e8,
        "milliseconds": milliseconds,
        "milliseconds_lower": 0.9 * milliseconds,
        "milliseconds_upper": 1.2 * milliseconds,
        "speedup": 8.0 / milliseconds,
    }
