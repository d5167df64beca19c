"""Classes as vectors."""

from __future__ import annotations

from .. import _C, check
from ..tensor import Tensor


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """int64 (..., num_classes) with a 1 at each class of `tensor` (int64 or int32), else zeros.

    num_classes −1 takes one more than the largest class, which a compiled step cannot.

    Raises:
        IndexError: a class is not in [0, num_classes). TypeError: tensor is not of ints.
        ValueError: num_classes is below 1, or −1 for an empty tensor.
        CaptureError: num_classes is −1 in a compiled step.
    """
    check.tensor("one_hot: tensor", tensor)
    if num_classes == -1:
        if tensor.numel() == 0:
            raise ValueError("one_hot: num_classes: expected at least 1 for an empty tensor")
        if tensor.dtype in (_C.DType.int64, _C.DType.int32):
            num_classes = max(int(_C.numpy(tensor).max()) + 1, 1)
        else:
            num_classes = 1  # the dtype is the error
    return _C.one_hot(tensor, num_classes)
