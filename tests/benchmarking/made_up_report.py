"""A report of the benchmark with numbers that are easy to recognize."""


def made_up_report():
    return {
        "header": {
            "model": {
                "model_type": "aig",
                "num_units": [1, 2, 1],
                "arguments": {"rate": 0.6},
            },
            "image_size": [32, 40],
        },
        "cases": [
            _case(8, 0.5, 2.5),
            _case(8, 1.0, 1.0),
            _case(1, 0.5, 2.4),
            _case(1, None, 1.0),
        ],
    }


def _case(batch_size, rate, ideal):
    return {
        "batch_size": batch_size,
        "force_rate": rate,
        "active_share": {"all": 0.6, "decided": rate}
        if rate is not None
        else {"all": 1.0, "decided": None},
        "dense_flops": 1000,
        "needed_flops": 1000 / ideal,
        "ideal_speedup": ideal,
        "realised_speedup": 2.0,
        "efficiency": 2.0 / ideal,
        "speedup_over_folded": 1.5,
        "agreement": {
            "masks_equal": True,
            "flops_equal": True,
            "largest_logit_difference": 1e-6,
            "largest_logit": 4.0,
        },
        "executors": {
            "dense": _times(4.0, batch_size),
            "dense_folded": _times(3.0, batch_size),
            "masked": _times(5.0, batch_size),
            "compact": _times(2.0, batch_size),
        },
    }


def _times(milliseconds, batch_size):
    return {
        "milliseconds": milliseconds,
        "lower_quartile": 0.75 * milliseconds,
        "upper_quartile": 1.25 * milliseconds,
        "least": 0.5 * milliseconds,
        "most": 2 * milliseconds,
        "images_per_second": 1000 * batch_size / milliseconds,
    }
