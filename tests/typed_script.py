"""What a user's type checker must know: read by mypy only (`make lint`), never run.

An `ignore` marks a wrong line; mypy complains of it where the line passes (`warn_unused_ignores`).
"""

from typing_extensions import assert_type

import fastdl as fd
from fastdl import Tensor, nn, optim
from fastdl.nn import functional as F

x = fd.randn(2, 3, requires_grad=True)
y = fd.softmax(x, -1).sum()
y.backward()
assert_type(x, Tensor)
assert_type(y, Tensor)
assert_type(x.grad, Tensor | None)
assert_type(y.size(), tuple[int, ...])
assert_type(y.size(0), int)
assert_type(float(y), float)
assert_type(x.shape, tuple[int, ...])
assert_type(x.dtype, fd.DType)

# Functions, methods and operators.
assert_type(fd.exp(x), Tensor)
assert_type(x.exp().transpose(0, 1).reshape(-1, 2), Tensor)
assert_type(2 * x @ x.mT - 1, Tensor)
assert_type(1 - x / x.numpy(), Tensor)
assert_type(x == 1, Tensor)
assert_type(x.eq(1), Tensor)
assert_type(~(x < 0) & (x > 1), Tensor)
assert_type(abs(-(x**2)), Tensor)
assert_type(x.mul_(2).clamp_(0, 1), Tensor)
assert_type(fd.zeros(x.shape, dtype=fd.float64), Tensor)
assert_type(fd.allclose(x, x), bool)
x += 1
assert_type(x, Tensor)

# What the result is depends on the arguments.
assert_type(x.max(), Tensor)
assert_type(x.max(1).indices, Tensor)
assert_type(fd.max(x, other=x), Tensor)
assert_type(x.median(0).values, Tensor)
assert_type(x.nonzero(), Tensor)
assert_type(x.nonzero(as_tuple=True), tuple[Tensor, ...])
assert_type(fd.where(x > 0, x, 0.0), Tensor)
assert_type(x.unique(), Tensor)
assert_type(x.topk(2).values, Tensor)

# Layers, losses, optimizers, the engine.
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
assert_type(F.relu(x), Tensor)
assert_type(F.cross_entropy(x, fd.tensor([0, 1])), Tensor)
optimizer = optim.Adam(model.parameters(), lr=1e-3)
optimizer.step()
with fd.no_grad():
    assert_type(fd.linalg.inv(x), Tensor)
assert_type(fd.autograd.grad(y, x)[0], Tensor | None)

# What is wrong.
fd.no_such(x)  # type: ignore[attr-defined]
x.no_such()  # type: ignore[attr-defined]
fd.exp(x, 3)  # type: ignore[call-arg]
x.exp(3)  # type: ignore[call-arg]
x.sum(dimm=1)  # type: ignore[call-arg]
x.transpose(0, "1")  # type: ignore[arg-type]
fd.exp([1.0])  # type: ignore[arg-type]
_ = x + "1"  # type: ignore[operator]
F.no_such(x)  # type: ignore[attr-defined]
