"""The rules of the optimizers in plain NumPy, for one parameter, and cases to try them on."""

from __future__ import annotations

import numpy as np

from fastdl import optim

CASES = {
    "sgd": (optim.SGD, {"lr": 0.05}),
    "sgd decay": (optim.SGD, {"lr": 0.05, "weight_decay": 0.1}),
    "momentum": (optim.SGD, {"lr": 0.05, "momentum": 0.9}),
    "dampening": (
        optim.SGD,
        {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
    ),
    "nesterov": (
        optim.SGD,
        {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    ),
    "sgd maximize": (optim.SGD, {"lr": 0.01, "momentum": 0.5, "maximize": True}),
    "adam": (optim.Adam, {"lr": 0.05}),
    "adam decay": (
        optim.Adam,
        {"lr": 0.05, "weight_decay": 0.1, "betas": (0.8, 0.95), "eps": 1e-6},
    ),
    "adam beta 0": (optim.Adam, {"lr": 0.05, "betas": (0.0, 0.9)}),
    "adam beta 0.3": (optim.Adam, {"lr": 0.05, "betas": (0.3, 0.99)}),
    "amsgrad": (optim.Adam, {"lr": 0.05, "amsgrad": True}),
    "adam maximize": (optim.Adam, {"lr": 0.01, "maximize": True}),
    "adamw": (optim.AdamW, {"lr": 0.05}),
    "adamw decay": (optim.AdamW, {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
    "adadelta": (optim.Adadelta, {"lr": 1.0}),
    "adadelta decay": (
        optim.Adadelta,
        {"lr": 0.5, "rho": 0.7, "eps": 1e-4, "weight_decay": 0.1, "maximize": True},
    ),
    "adagrad": (optim.Adagrad, {"lr": 0.1}),
    "adagrad decay": (
        optim.Adagrad,
        {
            "lr": 0.1,
            "lr_decay": 0.05,
            "weight_decay": 0.1,
            "initial_accumulator_value": 0.5,
            "eps": 1e-6,
        },
    ),
    "adagrad maximize": (optim.Adagrad, {"lr": 0.1, "maximize": True}),
    "adamax": (optim.Adamax, {"lr": 0.05}),
    "adamax decay": (
        optim.Adamax,
        {"lr": 0.02, "betas": (0.4, 0.9), "eps": 1e-3, "weight_decay": 0.1, "maximize": True},
    ),
    "nadam": (optim.NAdam, {"lr": 0.05}),
    "nadam decay": (
        optim.NAdam,
        {
            "lr": 0.02,
            "betas": (0.8, 0.95),
            "eps": 1e-4,
            "weight_decay": 0.1,
            "momentum_decay": 0.05,
            "decoupled_weight_decay": True,
        },
    ),
    "nadam maximize": (optim.NAdam, {"lr": 0.01, "weight_decay": 0.1, "maximize": True}),
    "radam": (optim.RAdam, {"lr": 0.05}),
    "radam decay": (
        optim.RAdam,
        {"lr": 0.02, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1},
    ),
    "radam maximize": (
        optim.RAdam,
        {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ),
    "rmsprop": (optim.RMSprop, {"lr": 0.05}),
    "rmsprop centered": (optim.RMSprop, {"lr": 0.02, "alpha": 0.9, "eps": 1e-4, "centered": True}),
    "rmsprop momentum": (
        optim.RMSprop,
        {"lr": 0.002, "momentum": 0.7, "centered": True, "weight_decay": 0.1, "maximize": True},
    ),
    "rprop": (optim.Rprop, {"lr": 0.05}),
    "rprop limits": (
        optim.Rprop,
        {"lr": 0.05, "etas": (0.4, 1.5), "step_sizes": (1e-3, 0.2), "maximize": True},
    ),
    "proximal": (optim.ProximalSGD, {"lr": 0.05, "l1": 0.5, "l2": 0.2}),
    "proximal momentum": (
        optim.ProximalSGD,
        {"lr": 0.01, "l1": 0.3, "momentum": 0.5, "maximize": True},
    ),
}


def numpy_sgd(p, g, state, group):
    g = -g if group["maximize"] else g
    g = g + group["weight_decay"] * p
    if group["momentum"]:
        if "b" in state:
            state["b"] = group["momentum"] * state["b"] + (1 - group["dampening"]) * g
        else:
            state["b"] = g
        g = g + group["momentum"] * state["b"] if group["nesterov"] else state["b"]
    return p - group["lr"] * g


def numpy_adam(p, g, state, group):
    g = -g if group["maximize"] else g
    lr, (beta1, beta2) = group["lr"], group["betas"]
    if group["decoupled_weight_decay"]:
        p = p * (1 - lr * group["weight_decay"])
    else:
        g = g + group["weight_decay"] * p
    t = state["t"] = state.get("t", 0) + 1
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g * g
    state["w"] = np.maximum(state.get("w", 0), state["v"])
    v = state["w"] if group["amsgrad"] else state["v"]
    root = np.sqrt(v / (1 - beta2**t))
    return p - lr * (state["m"] / (1 - beta1**t)) / (root + group["eps"])


def decayed(p, g, group):
    """What most rules begin with."""
    g = -g if group["maximize"] else g
    if group.get("decoupled_weight_decay"):
        return p * (1 - group["lr"] * group["weight_decay"]), g
    return p, g + group["weight_decay"] * p


def means(g, state, group):
    """t, the mean of g and that of g²."""
    beta1, beta2 = group["betas"]
    t = state["t"] = state.get("t", 0) + 1
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g * g
    return t, state["m"], state["v"]


def numpy_adadelta(p, g, state, group):
    p, g = decayed(p, g, group)
    rho, eps = group["rho"], group["eps"]
    state["v"] = rho * state.get("v", 0) + (1 - rho) * g * g
    d = np.sqrt(state.get("d", 0) + eps) / np.sqrt(state["v"] + eps) * g
    state["d"] = rho * state.get("d", 0) + (1 - rho) * d * d
    return p - group["lr"] * d


def numpy_adagrad(p, g, state, group):
    p, g = decayed(p, g, group)
    t = state["t"] = state.get("t", 0) + 1
    state["s"] = state.get("s", group["initial_accumulator_value"]) + g * g
    rate = group["lr"] / (1 + (t - 1) * group["lr_decay"])
    return p - rate * g / (np.sqrt(state["s"]) + group["eps"])


def numpy_adamax(p, g, state, group):
    p, g = decayed(p, g, group)
    t, m, _ = means(g, state, group)
    state["u"] = np.maximum(group["betas"][1] * state.get("u", 0), abs(g) + group["eps"])
    return p - group["lr"] / (1 - group["betas"][0] ** t) * m / state["u"]


def numpy_nadam(p, g, state, group):
    p, g = decayed(p, g, group)
    t, m, v = means(g, state, group)
    mu, after = (
        group["betas"][0] * (1 - 0.96 ** (k * group["momentum_decay"]) / 2) for k in (t, t + 1)
    )
    product = state["product"] = state.get("product", 1) * mu
    look_ahead = after * m / (1 - product * after) + (1 - mu) * g / (1 - product)
    return p - group["lr"] * look_ahead / (np.sqrt(v / (1 - group["betas"][1] ** t)) + group["eps"])


def numpy_radam(p, g, state, group):
    p, g = decayed(p, g, group)
    t, m, v = means(g, state, group)
    beta1, beta2 = group["betas"]
    limit = 2 / (1 - beta2) - 1
    length = limit - 2 * t * beta2**t / (1 - beta2**t)
    step = group["lr"] * m / (1 - beta1**t)
    if length > 5:
        step = step * np.sqrt(
            (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
        )
        step = step * np.sqrt(1 - beta2**t) / (np.sqrt(v) + group["eps"])
    return p - step


def numpy_rmsprop(p, g, state, group):
    p, g = decayed(p, g, group)
    alpha = group["alpha"]
    state["v"] = alpha * state.get("v", 0) + (1 - alpha) * g * g
    state["m"] = alpha * state.get("m", 0) + (1 - alpha) * g
    v = np.maximum(state["v"] - state["m"] ** 2, 0) if group["centered"] else state["v"]
    state["b"] = group["momentum"] * state.get("b", 0) + g / (np.sqrt(v) + group["eps"])
    return p - group["lr"] * state["b"]


def numpy_rprop(p, g, state, group):
    g = -g if group["maximize"] else g
    down, up = group["etas"]
    turn = g * state.get("g", 0)
    factor = np.where(turn > 0, up, np.where(turn < 0, down, 1))
    state["s"] = np.clip(state.get("s", group["lr"]) * factor, *group["step_sizes"])
    state["g"] = np.where(turn < 0, 0, g)
    return p - np.sign(state["g"]) * state["s"]


def numpy_proximal(p, g, state, group):
    g = -g if group["maximize"] else g
    q = p - group["lr"] * g + group["momentum"] * state.get("last", 0)
    left = np.maximum(abs(q) - group["lr"] * group["l1"], 0)
    after = np.sign(q) * left / (1 + group["lr"] * group["l2"])
    state["last"] = after - p
    return after


RULES = {
    optim.SGD: numpy_sgd,
    optim.Adam: numpy_adam,
    optim.AdamW: numpy_adam,
    optim.Adadelta: numpy_adadelta,
    optim.Adagrad: numpy_adagrad,
    optim.Adamax: numpy_adamax,
    optim.NAdam: numpy_nadam,
    optim.RAdam: numpy_radam,
    optim.RMSprop: numpy_rmsprop,
    optim.Rprop: numpy_rprop,
    optim.ProximalSGD: numpy_proximal,
}
