"""Small training steps for the tests of `fastdl.compile`."""

from __future__ import annotations

import numpy as np

import fastdl as fd
from fastdl import nn, optim
from fastdl.nn import functional as F

RNG = np.random.default_rng(0)
BATCHES = [
    (RNG.standard_normal((32, 20)).astype("float32"), RNG.integers(0, 7, 32)) for _ in range(6)
]


def same_as_eager(make):
    """make(wrap) runs a scenario with functions passed through wrap."""
    assert make(lambda f: f) == make(fd.compile)


class Channels(nn.Module):
    """(32, 16) as 8 channels of length 2."""

    def forward(self, x):
        return x.reshape(32, 8, 2)


class Reshaped(nn.Module):
    """(32, 16) as images or volumes."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        return x.reshape(32, *self.shape)


class Held(nn.Module):
    """Modules and parameters in containers."""

    def __init__(self):
        super().__init__()
        self.modules_ = nn.ModuleList([nn.Linear(16, 16), nn.ModuleDict({"a": nn.Linear(16, 16)})])
        self.scales = nn.ParameterList([nn.Parameter(fd.full((16,), 0.5))])
        self.shifts = nn.ParameterDict({"b": nn.Parameter(fd.ones(16))})

    def forward(self, x):
        first, rest = self.modules_
        return rest["a"](fd.tanh(first(x))) * self.scales[0] + self.shifts["b"]


class Distances(nn.Module):
    """x, weighted by how far its rows are from others."""

    def __init__(self):
        super().__init__()
        self.cosine, self.distance = nn.CosineSimilarity(), nn.PairwiseDistance()

    def forward(self, x):
        other = fd.tanh(x) + 1
        return x * (self.cosine(x, other) + self.distance(x, other)).unsqueeze(1)


ACTIVATIONS = [
    "Identity", "LogSigmoid", "Softmin",
    "ReLU", "Sigmoid", "Tanh", "Softplus", "LogSoftmax", "Softmax", "GELU", "SiLU", "Mish", "ReLU6",
    "SELU", "Hardsigmoid", "Hardswish", "Softsign", "Tanhshrink", "LeakyReLU", "PReLU", "RReLU",
    "ELU", "CELU", "Hardtanh", "Hardshrink", "Softshrink",
]  # fmt: skip
LAYERS = {
    "linear": lambda: [],
    "no bias": lambda: [nn.Linear(16, 16, bias=False)],
    "batchnorm": lambda: [nn.BatchNorm1d(16)],
    "batchnorm relu": lambda: [nn.BatchNorm1d(16, relu=True)],
    "batchnorm plain": lambda: [nn.BatchNorm1d(16, affine=False, track_running_stats=False)],
    "batchnorm lines": lambda: [Channels(), nn.BatchNorm1d(8), nn.Flatten()],
    "layernorm": lambda: [nn.LayerNorm(16)],
    "layernorm plain": lambda: [nn.LayerNorm(16, elementwise_affine=False)],
    "rmsnorm": lambda: [nn.RMSNorm(16)],
    "maxout": lambda: [nn.Maxout(16, 16, 3)],
    "glu": lambda: [nn.Linear(16, 32), nn.GLU()],
    "in place": lambda: [nn.ELU(inplace=True), nn.RReLU(inplace=True)],
    "dropout": lambda: [nn.Dropout(0.3)],
    "dropouts": lambda: [nn.Dropout(0.3), nn.ReLU(), nn.Dropout(0.5)],
    "noise": lambda: [nn.GaussianDropout(0.3), nn.AlphaDropout(0.2)],
    "channels": lambda: [Channels(), nn.Dropout1d(0.3), nn.FeatureAlphaDropout(0.2), nn.Flatten()],
    "images": lambda: [Reshaped(4, 2, 2), nn.BatchNorm2d(4), nn.Dropout2d(0.3), nn.Flatten()],
    "volumes": lambda: [Reshaped(2, 2, 2, 2), nn.BatchNorm3d(2), nn.Dropout3d(0.3), nn.Flatten()],
    "containers": lambda: [nn.Sequential(Held(), nn.ReLU())],
    "distances": lambda: [Distances()],
    "threshold": lambda: [nn.Threshold(0.1, 0.05)],
    "flatten": lambda: [nn.Flatten()],
    "unflatten": lambda: [nn.Unflatten(1, (2, -1)), nn.Flatten()],
    **{
        name: lambda name=name: [getattr(nn, name)(*([1] if "max" in name else []))]
        for name in ACTIVATIONS
    },
}
OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9, weight_decay=1e-3),
    "nesterov": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: optim.Adam(p, 0.01),
    "amsgrad": lambda p: optim.Adam(p, 0.01, amsgrad=True, weight_decay=1e-3),
    "adamw": lambda p: optim.AdamW(p, 0.01),
    "adadelta": optim.Adadelta,
    "adagrad": lambda p: optim.Adagrad(p, 0.05, lr_decay=0.1),
    "adamax": lambda p: optim.Adamax(p, weight_decay=1e-3),
    "nadam": lambda p: optim.NAdam(p, 0.01),
    "radam": lambda p: optim.RAdam(p, 0.01, betas=(0.9, 0.7)),
    "rmsprop": lambda p: optim.RMSprop(p, 0.01, momentum=0.9, centered=True),
    "rprop": optim.Rprop,
    "sgld": lambda p: optim.SGLD(p, 0.1, temperature=1e-3),
    "proximal": lambda p: optim.ProximalSGD(p, 0.1, l1=1e-3, momentum=0.9),
}
LOSSES = {
    "cross_entropy": F.cross_entropy,
    "smoothed": lambda x, y: F.cross_entropy(x, y, label_smoothing=0.1),
    "weighted": lambda x, y: F.cross_entropy(x, y, weight=fd.arange(1.0, 8.0)),
    "sum": lambda x, y: F.cross_entropy(x, y, reduction="sum"),
    "mse": lambda x, y: F.mse_loss(x, x.detach() * 0.5 + 1),
    "gumbel": lambda x, y: (F.gumbel_softmax(x, hard=True) * x).sum(1).mean(),
    "soft argmax": lambda x, y: F.mse_loss(F.soft_argmax(x, 1), y.float()),
    "nll": lambda x, y: F.nll_loss(F.log_softmax(x, 1), y, ignore_index=3),
    "bce": lambda x, y: F.binary_cross_entropy(F.sigmoid(x[:, 0]), (y > 3).float()),
    "bce logits": lambda x, y: F.binary_cross_entropy_with_logits(x[:, 0], (y > 3).float()),
    "hinge": lambda x, y: F.squared_hinge_loss(x[:, 0], (y > 3).float() * 2 - 1),
    "modified huber": lambda x, y: F.modified_huber_loss(x[:, 0], (y > 3).float() * 2 - 1),
    "huber": lambda x, y: F.huber_loss(x, fd.ones_like(x), delta=0.5),
    "kl": lambda x, y: F.kl_div(F.log_softmax(x, 1), F.softmax(x.detach() * 2, 1), "batchmean"),
    "poisson": lambda x, y: F.poisson_nll_loss(x[:, 0], y.float(), full=True),
    "gaussian": lambda x, y: F.gaussian_nll_loss(x[:, 0], y.float(), F.softplus(x[:, 1])),
    "multi margin": F.multi_margin_loss,
    "multilabel margin": lambda x, y: F.multilabel_margin_loss(
        x, fd.stack([y, *[y * 0 - 1] * 6], 1)
    ),
    "triplet": lambda x, y: F.triplet_margin_loss(x[:10], x[10:20], x[20:30], swap=True),
    "cosine": lambda x, y: F.cosine_embedding_loss(x, x.detach() + 1, (y > 3).float() * 2 - 1),
    "by hand": lambda x, y: -(F.log_softmax(x, 1).gather(1, y.unsqueeze(1))).mean(),
    "penalty": lambda x, y: F.cross_entropy(x, y) + 0.01 * (fd.logsumexp(x, 1) ** 2).mean(),
}


def signs(y):
    return (y > 3).float() * 2 - 1


# By class: how it is made, and what it is given of the logits (32, 7) and the labels.
LOSS_LAYERS = {
    "CrossEntropyLoss": lambda: nn.CrossEntropyLoss(weight=fd.arange(1.0, 8.0)),
    "NLLLoss": lambda: (nn.NLLLoss(), lambda x, y: (F.log_softmax(x, 1), y)),
    "KLDivLoss": lambda: (
        nn.KLDivLoss("batchmean"),
        lambda x, y: (F.log_softmax(x, 1), F.softmax(x.detach() * 2, 1)),
    ),
    "BCELoss": lambda: (nn.BCELoss(), lambda x, y: (F.sigmoid(x[:, 0]), (y > 3).float())),
    "BCEWithLogitsLoss": lambda: (
        nn.BCEWithLogitsLoss(pos_weight=fd.tensor(2.0)), lambda x, y: (x[:, 0], (y > 3).float()),
    ),
    "MultiLabelSoftMarginLoss": lambda: (
        nn.MultiLabelSoftMarginLoss(), lambda x, y: (x, (x.detach() > 0).float()),
    ),
    "SoftMarginLoss": lambda: (nn.SoftMarginLoss(), lambda x, y: (x[:, 0], signs(y))),
    "HingeLoss": lambda: (nn.HingeLoss(), lambda x, y: (x[:, 0], signs(y))),
    "SquaredHingeLoss": lambda: (nn.SquaredHingeLoss(), lambda x, y: (x[:, 0], signs(y))),
    "ModifiedHuberLoss": lambda: (nn.ModifiedHuberLoss(), lambda x, y: (x[:, 0], signs(y))),
    "HingeEmbeddingLoss": lambda: (nn.HingeEmbeddingLoss(), lambda x, y: (x[:, 0], signs(y))),
    "CosineEmbeddingLoss": lambda: (
        nn.CosineEmbeddingLoss(), lambda x, y: (x, x.detach() + 1, signs(y)),
    ),
    "MarginRankingLoss": lambda: (
        nn.MarginRankingLoss(0.1), lambda x, y: (x[:, 0], x[:, 1], signs(y)),
    ),
    "TripletMarginLoss": lambda: (
        nn.TripletMarginLoss(), lambda x, y: (x[:10], x[10:20], x[20:30]),
    ),
    "MultiMarginLoss": lambda: nn.MultiMarginLoss(),
    "MultiLabelMarginLoss": lambda: (
        nn.MultiLabelMarginLoss(), lambda x, y: (x, fd.stack([y, *[y * 0 - 1] * 6], 1)),
    ),
    "PoissonNLLLoss": lambda: (nn.PoissonNLLLoss(), lambda x, y: (x[:, 0], y.float())),
    "GaussianNLLLoss": lambda: (
        nn.GaussianNLLLoss(), lambda x, y: (x[:, 0], y.float(), F.softplus(x[:, 1])),
    ),
    **{
        name: lambda name=name: (getattr(nn, name)(), lambda x, y: (x, x.detach() * 0.5 + 1))
        for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")
    },
}  # fmt: skip


def loss_of(name):
    """That loss layer as a function of logits and labels."""
    made = LOSS_LAYERS[name]()
    layer, given = made if isinstance(made, tuple) else (made, lambda x, y: (x, y))
    return lambda x, y: layer(*given(x, y))


class Training:
    """A model, its optimizer, and a step of training it."""

    def __init__(self, layers="linear", optimizer="momentum", loss="cross_entropy"):
        fd.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(20, 16), *LAYERS[layers](), nn.Linear(16, 7))
        self.optimizer = OPTIMIZERS[optimizer](self.model.parameters())
        self.loss = LOSSES[loss] if loss in LOSSES else loss_of(loss)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = self.loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss

    def state(self):
        found = {**self.model.state_dict()}
        found |= {f"grad {n}": p.grad for n, p in self.model.named_parameters()}
        for i, entry in self.optimizer.state_dict()["state"].items():
            found |= {f"{name} {i}": value for name, value in entry.items()}
        return {name: t.numpy().tobytes() for name, t in found.items()}


def batches(n, kind=BATCHES):
    return [[fd.tensor(part) for part in kind[i % len(kind)]] for i in range(n)]


def counted(f):
    """The compiled f, and the list that grows with each of its captures."""
    captures = []

    def counting(*args, **kwargs):
        captures.append(1)
        return f(*args, **kwargs)

    return fd.compile(counting), captures
