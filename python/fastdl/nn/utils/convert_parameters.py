"""Parameters as one vector, and back."""

from __future__ import annotations

from typing import Any

from ... import check
from ...grad_mode import no_grad
from ...ops.cat import cat
from ...tensor import Tensor


def parameters_to_vector(parameters: Any) -> Tensor:
    """All parameters one after the other in one dimension; gradients flow back to them.

    Raises:
        TypeError: no tensors. ValueError: none at all, or of several dtypes.
    """
    listed = check.tensors("parameters_to_vector: parameters", parameters)
    if not listed:
        raise ValueError("parameters_to_vector: parameters: expected at least one, got none")
    for p in listed:
        if p.dtype is not listed[0].dtype:
            raise ValueError(
                f"parameters_to_vector: parameters: expected one dtype, got {p.dtype.name} beside "
                f"{listed[0].dtype.name}"
            )
    return cat([p.reshape(-1) for p in listed])


def vector_to_parameters(vec: Tensor, parameters: Any) -> None:
    """Copies a vector of `parameters_to_vector` into the parameters, which keep their memory.

    Raises:
        TypeError: no tensors. ValueError: the vector has another length; nothing is changed then.
    """
    check.tensor("vector_to_parameters: vec", vec)
    listed = check.tensors("vector_to_parameters: parameters", parameters)
    sizes = [p.numel() for p in listed]
    if vec.shape != (sum(sizes),):
        raise ValueError(
            f"vector_to_parameters: vec: expected shape {(sum(sizes),)}, got {vec.shape}"
        )
    begin = 0
    with no_grad():
        for p, size in zip(listed, sizes, strict=True):
            p.copy_(vec[begin : begin + size].reshape(p.shape))
            begin += size
