"""What a report says of all images together."""

import numpy as np

from sact_keras.visualization.report.report_entry import ReportEntry


class ReportStatistics:
    """Gathers figures image by image, and keeps no image.

    Attributes:
        costs: Of the images so far.
        flops: Of the images so far.
        num_units: Of the images so far.
        dense_shares: FLOPs over what the image would have needed with every unit run,
            of the images for which that is known.
        num_judged: Images with a label and a prediction.
        num_wrong: Of these, those with another prediction than the label.
        spatial: Whether decisions vary over any of the images.

    Example:
        >>> statistics = ReportStatistics()
        >>> statistics.add(
        ...     ReportEntry(
        ...         name="cat.jpg",
        ...         image=np.zeros((2, 2, 3), np.uint8),
        ...         ponder_cost_map=np.ones((2, 2)),
        ...         cost=1.0,
        ...         flops=80,
        ...         num_units=1.0,
        ...         executed_units=np.array([1.0, 0.0]),
        ...         dense_flops=100,
        ...     )
        ... )
        >>> statistics.dense_shares, statistics.executed_units.tolist()
        ([0.8], [1.0, 0.0])
    """

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.flops: list[float] = []
        self.num_units: list[float] = []
        self.dense_shares: list[float] = []
        self.num_judged = 0
        self.num_wrong = 0
        self.spatial = False
        self._unit_sums = np.zeros(())

    def add(self, entry: ReportEntry) -> None:
        """Counts an image in.

        Args:
            entry: The image, of as many units as those before it.
        """
        self.costs.append(float(entry.cost))
        self.flops.append(float(entry.flops))
        self.num_units.append(float(entry.num_units))
        if entry.dense_flops:
            self.dense_shares.append(float(entry.flops) / entry.dense_flops)
        self.num_judged += None not in (entry.label, entry.prediction)
        self.num_wrong += entry.is_wrong
        self.spatial |= entry.spatial
        self._unit_sums = self._unit_sums + entry.executed_units

    @property
    def executed_units(self) -> np.ndarray:
        """The mean share of positions at which each unit ran, `[units]`."""
        return self._unit_sums / len(self.costs)
