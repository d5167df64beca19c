"""L-BFGS: a quasi-Newton method with little memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import _C, capture, check
from ..grad_mode import enable_grad, no_grad
from ..nn.utils import parameters_to_vector, vector_to_parameters
from ..ops.cat import cat
from ..tensor import Tensor
from .line_search import Point, strong_wolfe
from .optimizer import Group, Optimizer, check_number

_VECTORS = ("d", "prev_flat_grad")
_LISTS = ("old_dirs", "old_stps", "ro")
_NUMBERS = ("func_evals", "n_iter", "t", "H_diag", "prev_loss")


class LBFGS(Optimizer):
    """Newton's direction from the last differences of gradients and of parameters.

    Liu & Nocedal, "On the limited memory BFGS method for large scale optimization", 1989; Nocedal &
    Wright, "Numerical optimization" (2nd ed., 2006), algorithms 7.4 and 7.5.  For a loss that is
    the same function at each call: all examples, no dropout.

    ```python
    def closure():
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)
    ```

    A step reads losses, so it cannot stand in a compiled step; its closure may be a compiled one.

    Args:
        params: tensors, or one dict with `params` and hyperparameters.
        lr: length of a step along the direction (the first: at most lr / |g|₁); with a line search,
            of its first trial.
        max_iter: directions in a step.
        max_eval: evaluations of the closure in a step, after which no further direction is begun;
            max_iter · 5 / 4 where None.
        tolerance_grad: a step ends where no element of the gradient is larger.
        tolerance_change: or where neither a parameter nor the loss changes by more.
        history_size: how many differences are kept.
        line_search_fn: None, or "strong_wolfe".

    Raises: as `Optimizer`; ValueError for several groups, and another line search.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if max_eval is None and isinstance(max_iter, int):
            max_eval = max(max_iter * 5 // 4, 1)
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        self._memory: dict[str, Any] = {}

    def _append(self, group: Group) -> None:
        if self.param_groups:
            raise ValueError("LBFGS: params: expected one group, got another")
        if not group["params"]:
            raise ValueError("LBFGS: params: expected at least one parameter, got none")
        super()._append(group)

    def _check(self, group: Group) -> None:
        for key in ("lr", "tolerance_grad", "tolerance_change"):
            check_number(f"LBFGS: {key}", group[key])
        for key in ("max_iter", "max_eval", "history_size"):
            check.positive_int(f"LBFGS: {key}", group[key])
        if group["line_search_fn"] is not None:
            check.one_of("LBFGS: line_search_fn", group["line_search_fn"], ("strong_wolfe",))

    def _hyper(self, group: Group) -> tuple[float, ...]:
        return ()

    # ---- a step --------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Goes along up to `max_iter` directions.

        Args:
            closure: evaluates the loss and its gradients.

        Returns:
            The loss at the beginning.

        Raises:
            TypeError: no closure. ValueError: a gradient does not fit its parameter.
            CaptureError: in a step that is being compiled.
        """
        if not callable(closure):
            raise TypeError(
                "LBFGS.step: closure: expected a function that gives the loss, got none"
            )
        capture.refuse_if_capturing(
            "LBFGS decides by the losses it reads", "call its step outside, and compile the closure"
        )
        with enable_grad():
            first = closure()
        self.prepare()
        with no_grad():
            self._go(closure, float(first))
        return first

    def _go(self, closure: Callable[[], Any], loss: float) -> None:
        group, memory = self.param_groups[0], self._memory
        params, lr = group["params"], float(group["lr"])
        gradient, evaluations = self._gradient(), 1
        memory["func_evals"] = memory.get("func_evals", 0) + 1
        if _largest(gradient) <= group["tolerance_grad"]:
            return
        for iteration in range(1, group["max_iter"] + 1):
            memory["n_iter"] = memory.get("n_iter", 0) + 1
            direction = self._direction(gradient)
            memory["prev_flat_grad"], memory["prev_loss"] = gradient, loss
            t = lr if memory["n_iter"] > 1 else min(1.0, 1.0 / abs(gradient).sum().item()) * lr
            memory["d"], memory["t"] = direction, t
            slope = _dot(gradient, direction)
            if not slope <= -group["tolerance_change"]:  # NaN too
                return
            before, counted = parameters_to_vector(params), 0

            def at(length: float) -> Point:
                nonlocal counted
                counted += 1
                vector_to_parameters(before + direction * length, params)  # noqa: B023
                with enable_grad():
                    value = float(closure())
                found = self._gradient()
                return Point(length, value, _dot(found, direction), found)  # noqa: B023

            done = iteration == group["max_iter"]
            if group["line_search_fn"]:
                smallest = group["tolerance_change"] / max(_largest(direction), 1e-300)
                end = strong_wolfe(at, Point(0.0, loss, slope, gradient), t, smallest)
                vector_to_parameters(before + direction * end.t, params)
                memory["t"] = t = end.t
                loss, gradient = end.loss, end.gradient
            elif done:  # the next step begins with an evaluation there
                vector_to_parameters(before + direction * t, params)
            else:
                end = at(t)
                loss, gradient = end.loss, end.gradient
            evaluations += counted
            memory["func_evals"] += counted
            if (
                done
                or evaluations >= group["max_eval"]
                or _largest(gradient) <= group["tolerance_grad"]
                or _largest(direction) * t <= group["tolerance_change"]
                or abs(loss - memory["prev_loss"]) < group["tolerance_change"]
            ):
                return

    def _direction(self, gradient: Tensor) -> Tensor:
        """Minus the inverse Hessian, as the memory has it, times the gradient."""
        memory = self._memory
        if memory["n_iter"] == 1:
            memory.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -gradient
        ys, ss, ro = memory["old_dirs"], memory["old_stps"], memory["ro"]
        y, s = gradient - memory["prev_flat_grad"], memory["d"] * memory["t"]
        curvature = _dot(y, s)
        if curvature > 1e-10:
            if len(ys) >= self.param_groups[0]["history_size"]:
                for kept in (ys, ss, ro):
                    del kept[0]
            ys.append(y)
            ss.append(s)
            ro.append(1.0 / curvature)
            memory["H_diag"] = curvature / _dot(y, y)
        q, weights = -gradient, []
        for y, s, r in zip(reversed(ys), reversed(ss), reversed(ro), strict=True):
            weights.append(_dot(s, q) * r)
            q = q - y * weights[-1]
        q = q * memory["H_diag"]
        for y, s, r, weight in zip(ys, ss, ro, reversed(weights), strict=True):
            q = q + s * (weight - _dot(y, q) * r)
        return q

    def _gradient(self) -> Tensor:
        return cat(
            [
                _C.full((p.numel(),), 0, p.dtype) if p.grad is None else p.grad.detach().reshape(-1)
                for p in self.param_groups[0]["params"]
            ]
        )

    # ---- state ---------------------------------------------------------------------------------

    def _remembered(self) -> dict[Tensor, dict[str, Any]]:
        """At the first parameter, as in PyTorch."""
        return {self.param_groups[0]["params"][0]: self._memory} if self._memory else {}

    def _remember(self, state: Mapping[Tensor, dict[str, Any]]) -> None:
        first = self.param_groups[0]["params"][0]
        self._memory = _copy(self._checked_memory({0: state.get(first, {})}))

    def state_dict(self) -> dict[str, Any]:
        saved = super().state_dict()
        if self._memory:
            saved["state"] = {0: _copy(self._memory)}
        return saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        memory: dict[str, Any] = {}
        if isinstance(state_dict, dict) and isinstance(state_dict.get("state"), dict):
            memory = self._checked_memory(state_dict["state"])
            state_dict = {**state_dict, "state": {}}
        super().load_state_dict(state_dict)
        self._memory = _copy(memory)

    def _checked_memory(self, state: dict[Any, Any]) -> dict[str, Any]:
        where = "LBFGS.load_state_dict: state"
        memory = state.get(0, {})
        if isinstance(memory, dict) and not memory.get("n_iter"):  # no direction yet
            return {"func_evals": memory["func_evals"]} if "func_evals" in memory else {}
        names = (*_NUMBERS, *_VECTORS, *_LISTS)
        if not isinstance(memory, dict) or not {*names} <= memory.keys():
            has = sorted(memory) if isinstance(memory, dict) else type(memory).__name__
            raise ValueError(f"{where}: expected {sorted(names)}, got {has}")
        shape = (sum(p.numel() for p in self.param_groups[0]["params"]),)
        numbers = {name: _number(memory[name]) for name in _NUMBERS}
        for x in [memory[name] for name in _VECTORS] + memory["old_dirs"] + memory["old_stps"]:
            if not isinstance(x, Tensor) or x.shape != shape:
                got = f"shape {x.shape}" if isinstance(x, Tensor) else type(x).__name__
                raise ValueError(f"{where}: expected vectors of shape {shape}, got {got}")
        lists = {name: list(memory[name]) for name in _LISTS}
        lists["ro"] = [_number(r) for r in lists["ro"]]
        if len({len(kept) for kept in lists.values()}) != 1:
            raise ValueError(f"{where}: expected as many of each of {_LISTS}")
        return {**numbers, **{name: memory[name] for name in _VECTORS}, **lists}


def _dot(a: Tensor, b: Tensor) -> float:
    return (a * b).sum().item()


def _largest(x: Tensor) -> float:
    return abs(x).amax().item() if x.numel() else 0.0


def _number(value: Any) -> Any:
    number = value.item() if isinstance(value, Tensor) else value
    return number if math.isfinite(number) else math.inf


def _copy(memory: dict[str, Any]) -> dict[str, Any]:
    def copied(value: Any) -> Any:
        if isinstance(value, list):
            return [copied(x) for x in value]
        return value.clone() if isinstance(value, Tensor) else value

    return {name: copied(value) for name, value in memory.items()}
