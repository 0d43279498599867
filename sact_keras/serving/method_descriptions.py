"""What a model card says of each method, and where it is published."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class MethodDescription:
    """A method in a sentence. None says that something is not known.

    Attributes:
        summary: What decides, over what.
        paper: Authors, title, where it appeared.
        url: The paper's address.
        budget: What the compute budget b does to its decisions.
    """

    summary: str | None = None
    paper: str | None = None
    url: str | None = None
    budget: str | None = None


_HALTING_BUDGET = (
    "Halting goes on while the scores add up to less than 1 - e, with "
    "e = eps / (eps + b (1 - eps)); each block's first unit always runs."
)

METHOD_DESCRIPTIONS = {
    "vanilla": MethodDescription(
        "A residual network without decisions: every unit runs.",
        "K. He, X. Zhang, S. Ren, J. Sun. Deep Residual Learning for Image "
        "Recognition. CVPR 2016.",
        "https://arxiv.org/abs/1512.03385",
        "It has no effect: nothing is decided.",
    ),
    "act": MethodDescription(
        "Adaptive computation time: after each residual unit a halting score decides "
        "whether an image leaves the block.",
        "M. Figurnov, M. D. Collins, Y. Zhu, L. Zhang, J. Huang, D. Vetrov, "
        "R. Salakhutdinov. Spatially Adaptive Computation Time for Residual Networks. "
        "CVPR 2017.",
        "https://arxiv.org/abs/1612.02297",
        _HALTING_BUDGET,
    ),
    "sact": MethodDescription(
        "Spatially adaptive computation time: after each residual unit a halting score "
        "decides at each position whether it leaves the block.",
        "M. Figurnov, M. D. Collins, Y. Zhu, L. Zhang, J. Huang, D. Vetrov, "
        "R. Salakhutdinov. Spatially Adaptive Computation Time for Residual Networks. "
        "CVPR 2017.",
        "https://arxiv.org/abs/1612.02297",
        _HALTING_BUDGET,
    ),
    "aig": MethodDescription(
        "Adaptive inference graphs: a gate before each residual unit decides whether "
        "an image runs it.",
        "A. Veit, S. Belongie. Convolutional Networks with Adaptive Inference Graphs. "
        "ECCV 2018.",
        "https://arxiv.org/abs/1711.11503",
        "A unit runs where its gate's score + log b > 0.",
    ),
    "dynconv": MethodDescription(
        "Dynamic convolutions: a mask unit before each residual unit decides at each "
        "position whether it runs.",
        "T. Verelst, T. Tuytelaars. Dynamic Convolutions: Exploiting Spatial Sparsity "
        "for Faster Inference. CVPR 2020.",
        "https://arxiv.org/abs/1912.03203",
        "A unit runs at a position where its mask unit's score + log b >= 0.",
    ),
    "blockdrop": MethodDescription(
        "A policy network looks at the image once and decides which residual units "
        "run.",
        "Z. Wu, T. Nagarajan, A. Kumar, S. Rennie, L. S. Davis, K. Grauman, R. Feris. "
        "BlockDrop: Dynamic Inference Paths in Residual Networks. CVPR 2018.",
        "https://arxiv.org/abs/1711.08393",
        "A unit runs where its probability is at least 1 / (1 + b).",
    ),
}
"""Model type -> what there is to say about it."""
