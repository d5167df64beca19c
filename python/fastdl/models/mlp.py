"""MLP: a network of fully connected layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..check import number, one_of
from ..dtypes import float32
from ..nn import init
from ..nn.activation import ReLU, Sigmoid, Softplus, Tanh
from ..nn.batchnorm import BatchNorm1d
from ..nn.container import Sequential
from ..nn.dropout import Dropout
from ..nn.flatten import Flatten
from ..nn.linear import Identity, Linear
from ..nn.module import Module
from ..tensor import Tensor

ACTIVATIONS: dict[str, type[Module]] = {
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "softplus": Softplus,
    "identity": Identity,
}


class MLP(Module):
    """Hidden layers of Linear, optional BatchNorm1d, activation, optional Dropout; then a Linear.

    Hidden weights start with He's initialization for relu and softplus and with the normalized
    (Glorot) one otherwise, the output's with variance 1/in_features; biases start at zero.  A
    Linear before a BatchNorm1d has no bias, since the normalization would take it away again,
    and relu is computed inside the BatchNorm1d.

    Args:
        in_features: size of a flattened input.
        hidden: widths of the hidden layers; empty for a linear model.
        out_features: size of the output, such as the number of classes.
        activation: "relu", "sigmoid", "tanh", "softplus" or "identity".
        batchnorm: whether each hidden layer is normalized before its activation.
        dropout: probability of zeroing an activation, in [0, 1]; 0 for no Dropout layers.
        dtype: float32 or float64.

    Shape: (batch, ...) with in_features elements after the batch → (batch, out_features).

    Raises:
        TypeError, ValueError: an argument of the wrong type or out of range.
    """

    def __init__(
        self,
        in_features: int,
        hidden: Sequence[int],
        out_features: int,
        *,
        activation: str = "relu",
        batchnorm: bool = False,
        dropout: float = 0.0,
        dtype: Any = float32,
    ) -> None:
        super().__init__()
        if isinstance(hidden, (int, str)):
            raise TypeError(
                f"MLP: hidden: expected a sequence of widths, got {type(hidden).__name__}"
            )
        one_of("MLP: activation", activation, tuple(ACTIVATIONS))
        number("MLP: dropout", dropout, 0.0, 1.0)
        fused = batchnorm and activation == "relu"
        layers: list[Module] = [Flatten()]
        width = in_features
        for size in hidden:
            linear = Linear(width, size, bias=not batchnorm, dtype=dtype)
            _initialize(linear, activation)
            layers.append(linear)
            if batchnorm:
                layers.append(BatchNorm1d(size, relu=fused, dtype=dtype))
            if not fused:
                layers.append(ACTIVATIONS[activation]())
            if dropout > 0:
                layers.append(Dropout(dropout))
            width = size
        output = Linear(width, out_features, dtype=dtype)
        _initialize(output, "output")
        self.layers = Sequential(*layers, output)

    def forward(self, input: Tensor) -> Tensor:
        return self.layers(input)


def _initialize(linear: Linear, activation: str) -> None:
    if activation in ("relu", "softplus"):
        init.kaiming_normal_(linear.weight, nonlinearity="relu")
    elif activation == "output":
        init.kaiming_normal_(linear.weight, nonlinearity="linear")
    else:
        gain = init.calculate_gain(activation if activation != "identity" else "linear")
        init.xavier_uniform_(linear.weight, gain)
    if linear.bias is not None:
        init.zeros_(linear.bias)
