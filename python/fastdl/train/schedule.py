"""Learning-rate schedules: the factor on the base rate at a given share of the training.

A schedule is a function of `progress`, from 0 (first step) up to 1 (end), and returns a factor.
"""

from __future__ import annotations

import math


def constant(progress: float) -> float:
    """Always 1."""
    return 1.0


def linear(progress: float) -> float:
    """From 1 down to 0 on a straight line."""
    return 1.0 - progress


def cosine(progress: float) -> float:
    """From 1 down to 0 on half a cosine wave.

    Source: I. Loshchilov, F. Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts
    (2017), equation 5, one run without restarts.
    """
    return 0.5 * (1.0 + math.cos(math.pi * progress))
