"""The losses as modules: each calls its function with the options it was given."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn
from fastdl.nn import functional as F

X, Y, P = (
    fd.tensor(np.random.default_rng(i).uniform(0.1, 0.9, (4, 3)).astype("float32"))
    for i in range(3)
)
SIGNS = fd.tensor([[1.0, -1.0, 1.0]] * 4)
LABELS = fd.tensor([[0, 2, -1], [1, -1, 0], [-1, 0, 0], [2, 1, 0]])
CLASSES, WEIGHT = fd.tensor([0, 2, 1, 2]), fd.tensor([1.0, 2.0, 0.5])

CASES = [
    (nn.L1Loss(), (X, Y), F.l1_loss, {}),
    (nn.HuberLoss("sum", 0.2), (X, Y), F.huber_loss, {"reduction": "sum", "delta": 0.2}),
    (nn.SmoothL1Loss(beta=0.2), (X, Y), F.smooth_l1_loss, {"beta": 0.2}),
    (nn.BCELoss(WEIGHT), (P, Y), F.binary_cross_entropy, {"weight": WEIGHT}),
    (nn.BCEWithLogitsLoss(WEIGHT, pos_weight=WEIGHT), (X, Y), F.binary_cross_entropy_with_logits,
     {"weight": WEIGHT, "pos_weight": WEIGHT}),
    (nn.MultiLabelSoftMarginLoss(WEIGHT), (X, Y), F.multilabel_soft_margin_loss,
     {"weight": WEIGHT}),
    (nn.SoftMarginLoss(reduction="none"), (X, SIGNS), F.soft_margin_loss, {"reduction": "none"}),
    (nn.HingeLoss(0.5), (X, SIGNS), F.hinge_loss, {"margin": 0.5}),
    (nn.SquaredHingeLoss(0.5), (X, SIGNS), F.squared_hinge_loss, {"margin": 0.5}),
    (nn.ModifiedHuberLoss(), (X, SIGNS), F.modified_huber_loss, {}),
    (nn.NLLLoss(WEIGHT, ignore_index=1), (X, CLASSES), F.nll_loss,
     {"weight": WEIGHT, "ignore_index": 1}),
    (nn.KLDivLoss("batchmean", log_target=True), (X, Y), F.kl_div,
     {"reduction": "batchmean", "log_target": True}),
    (nn.PoissonNLLLoss(False, True, eps=0.1), (X, Y), F.poisson_nll_loss,
     {"log_input": False, "full": True, "eps": 0.1}),
    (nn.GaussianNLLLoss(full=True, eps=0.5), (X, Y, P), F.gaussian_nll_loss,
     {"full": True, "eps": 0.5}),
    (nn.MultiMarginLoss(2, 0.3, WEIGHT), (X, CLASSES), F.multi_margin_loss,
     {"p": 2, "margin": 0.3, "weight": WEIGHT}),
    (nn.MultiLabelMarginLoss(reduction="sum"), (X, LABELS), F.multilabel_margin_loss,
     {"reduction": "sum"}),
    (nn.MarginRankingLoss(0.3), (X, Y, SIGNS), F.margin_ranking_loss, {"margin": 0.3}),
    (nn.HingeEmbeddingLoss(), (X, SIGNS), F.hinge_embedding_loss, {"margin": 1.0}),
    (nn.CosineEmbeddingLoss(0.3), (X, Y, SIGNS[:, 0]), F.cosine_embedding_loss, {"margin": 0.3}),
    (nn.TripletMarginLoss(0.3, 3.0, 1e-3, True), (X, Y, P), F.triplet_margin_loss,
     {"margin": 0.3, "p": 3.0, "eps": 1e-3, "swap": True}),
    (nn.PairwiseDistance(1.0, 0.1, True), (X, Y), F.pairwise_distance,
     {"p": 1.0, "eps": 0.1, "keepdim": True}),
    (nn.CosineSimilarity(0, 0.1), (X, Y), F.cosine_similarity, {"dim": 0, "eps": 0.1}),
]  # fmt: skip
NAMES = [type(case[0]).__name__ for case in CASES]


@pytest.mark.parametrize(("layer", "args", "f", "options"), CASES, ids=NAMES)
def test_layer_is_its_function(layer, args, f, options):
    got, expected = layer(*args), f(*args, **options)
    np.testing.assert_array_equal(got.numpy(), expected.numpy())
    assert repr(layer) == f"{type(layer).__name__}()"
    buffers = {name for name in ("weight", "pos_weight") if name in options}
    assert set(layer.state_dict()) == buffers


@pytest.mark.parametrize("layer", [c[0] for c in CASES if isinstance(c[0], nn.loss.Loss)])
def test_an_unknown_reduction(layer):
    kind = type(layer)
    with pytest.raises(ValueError, match=rf"{kind.__name__}: reduction: expected one of 'mean', "):
        kind(reduction="average")


def test_bad_options():
    for make, message in (
        (lambda: nn.HuberLoss(delta=0.0), "HuberLoss: delta: expected"),
        (lambda: nn.SmoothL1Loss(beta=-1.0), "SmoothL1Loss: beta: expected"),
        (lambda: nn.MultiMarginLoss(3), "MultiMarginLoss: p: expected 1 or 2"),
        (lambda: nn.TripletMarginLoss(p=0.5), "TripletMarginLoss: p: expected"),
        (lambda: nn.SquaredHingeLoss(np.nan), "SquaredHingeLoss: margin: expected"),
        (lambda: nn.CosineSimilarity(eps=0.0), "CosineSimilarity: eps: expected"),
        (lambda: nn.GaussianNLLLoss(eps=0.0), "GaussianNLLLoss: eps: expected"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
