"""The base of all optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any

from .. import _C, capture
from ..check import is_iterable, switch
from ..grad_mode import enable_grad, no_grad
from ..tensor import Tensor
from .arena import FlatArena, find_shared_memory
from .state import State

Group = dict[str, Any]


class _Options(type):
    """Takes the keywords by which PyTorch chooses how a step runs: here it always runs one way."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        for key in ("foreach", "fused", "capturable", "differentiable"):
            value = options.pop(key, None)
            where = f"{cls.__name__}: {key}"
            if value is not None and not isinstance(value, bool):
                raise TypeError(f"{where}: expected a bool or None, got {type(value).__name__}")
            if value and key in ("capturable", "differentiable"):
                raise ValueError(
                    f"{where}: expected False or None, which is all there is, got True"
                )
        return super().__call__(*args, **options)


class Optimizer(metaclass=_Options):
    """Parameters in groups, each with its hyperparameters, and what an update remembers of them.

    `param_groups` are dicts as in PyTorch; what is written into them (`group["lr"] = 0.01`) holds
    from the next step.  When an optimizer is made, its parameters move into one flat buffer for
    each group and dtype: they are the same objects with the same values, but a tensor or array that
    saw a parameter's memory before sees the old memory still.

    `foreach` and `fused` mean nothing here and may be given; `capturable` and `differentiable` may
    be False.

    A subclass names its state (`buffers`), says how many numbers its kernel reads and counts,
    checks a group (`_check`), lists its numbers (`_hyper`) and launches the kernel (`_launch`).

    Args:
        params: tensors, (name, tensor) pairs as of `named_parameters()`, or dicts with `params` and
            hyperparameters of their own.
        defaults: hyperparameters for groups that do not give them.

    Raises:
        TypeError: params are no tensors, or a set, which has no order; a hyperparameter is no
            number.
        ValueError: no parameters; one that is there twice, shares memory with another, is computed
            from others, or is not floating point; a hyperparameter out of range.
    """

    buffers: tuple[str, ...] = ()
    n_hyper = 0
    n_counters = 1  # the first counts a parameter's updates
    counted: tuple[str, ...] = ("step",)  # the names of the first of them in the state

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        name = type(self).__name__
        if isinstance(params, Tensor | dict) or not is_iterable(params):
            hint = " (its parameters()?)" if hasattr(params, "parameters") else ""
            raise TypeError(
                f"{name}: params: expected an iterable of tensors or dicts, "
                f"got {type(params).__name__}{hint}"
            )
        _refuse_set(name, params)
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self._arenas: list[list[FlatArena]] = []
        # What the groups held when they were last prepared, and what `prepare` gave; or None.
        self._settled: tuple[list[Any], tuple[Any, ...]] | None = None
        groups = list(params)
        if not groups:
            raise ValueError(f"{name}: params: expected at least one parameter, got none")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        checked: list[Group] = []
        for group in groups:
            checked.append(self._complete(group, [p for g in checked for p in g["params"]]))
        for group in checked:
            self._append(group)

    # ---- what a subclass says ------------------------------------------------------------------

    def _check(self, group: Group) -> None:
        raise NotImplementedError

    def _hyper(self, group: Group) -> tuple[float, ...]:
        raise NotImplementedError

    def _launch(self, group: Group, arena: FlatArena) -> None:
        raise NotImplementedError

    def _kept(self, group: Group) -> tuple[str, ...]:
        """The names of the state that parameters of this group have."""
        return self.buffers

    # ---- groups --------------------------------------------------------------------------------

    def add_param_group(self, param_group: Group) -> None:
        """Adds a group: a dict with `params` and any hyperparameters; see the class for errors."""
        present = [p for group in self.param_groups for p in group["params"]]
        self._append(self._complete(param_group, present))

    def _complete(self, given: Any, present: list[Tensor]) -> Group:
        """A group with all its hyperparameters, checked; nothing is changed."""
        name = type(self).__name__
        if not isinstance(given, dict) or "params" not in given:
            raise TypeError(
                f"{name}: param_group: expected a dict with 'params', got {type(given).__name__}"
            )
        params = given["params"]
        _refuse_set(name, params)
        params = [params] if isinstance(params, Tensor) else list(params)
        named = [_is_named(p) for p in params]
        if any(named):
            if not all(named):
                raise ValueError(
                    f"{name}: params: expected a name for each or for none, got none for that at "
                    f"{named.index(False)}"
                )
            given = {**given, "param_names": [n for n, _ in params]}
            params = [p for _, p in params]
        seen = {id(p) for p in present}
        for i, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise TypeError(f"{name}: params: expected tensors, got {type(p).__name__} at {i}")
            if not p.dtype.is_floating_point:
                raise ValueError(
                    f"{name}: params: expected float32 or float64, got {p.dtype.name} at {i}"
                )
            if not p.is_leaf:
                raise ValueError(
                    f"{name}: params: expected leaf tensors, got one at {i} that was computed"
                )
            if id(p) in seen:
                raise ValueError(f"{name}: params: the parameter at {i} is there twice")
            seen.add(id(p))
        shared = find_shared_memory([*present, *params])
        if shared is not None:
            raise ValueError(
                f"{name}: params: parameters {shared[0]} and {shared[1]} share memory; "
                "give one of them, and use the same object in both places"
            )
        group = {"params": params, **self.defaults}
        group.update({key: value for key, value in given.items() if key != "params"})
        self._check(group)
        return group

    def _append(self, group: Group) -> None:
        self._settled = None
        self.param_groups.append(group)
        self._arenas.append(self._lay_out(group))

    def _lay_out(self, group: Group) -> list[FlatArena]:
        """An arena for each dtype in the group."""
        by_dtype: dict[Any, list[Tensor]] = {}
        for p in group["params"]:
            by_dtype.setdefault(p.dtype, []).append(p)
        return [FlatArena(ps, self.n_hyper, self.n_counters) for ps in by_dtype.values()]

    # ---- a step --------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Takes the gradients away, or (`set_to_none=False`) fills them with zeros."""
        set_to_none = switch("zero_grad: set_to_none", set_to_none)
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad = p.grad.detach()
                    with no_grad():
                        p.grad.fill_(0)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates every parameter that has a gradient.

        Args:
            closure: evaluates the loss and its gradients; called first, its result is returned.

        Raises:
            ValueError: a gradient does not fit its parameter, or a parameter changed its shape
                (nothing is updated then).
        """
        loss = None
        if closure is not None:
            if not callable(closure):
                kind = type(closure).__name__
                raise TypeError(f"step: closure: expected a function, got {kind}")
            with enable_grad():
                loss = closure()
        self.prepare()
        capture.stepped(self)
        for group, arenas in zip(self.param_groups, self._arenas, strict=True):
            for arena in arenas:
                self._launch(group, arena)
        return loss

    def prepare(self) -> tuple[Any, ...]:
        """What comes before the kernels of a step: every parameter in its segment, every
        hyperparameter where the kernels read it, all state there.

        Returns:
            What decides which kernels run on what: a recorded step must not be repeated if it
            changes.
        """
        if self._settled is not None and _C.is_settled(self.param_groups, self._settled[0]):
            return self._settled[1]
        self._settled = None
        if capture.notes() is None:
            kept = self._prepare()
        else:
            with capture.unrecorded():
                kept = self._prepare()
        seen = [
            (tuple(group.values()), tuple([(a.params, a.flat, a.segments) for a in arenas]))
            for group, arenas in zip(self.param_groups, self._arenas, strict=True)
        ]
        self._settled = seen, kept
        return kept

    def hyperparameters(self) -> list[tuple[float, ...]]:
        """The numbers of each group that its kernel reads."""
        return [self._hyper(group) for group in self.param_groups]

    def _prepare(self) -> tuple[Any, ...]:
        for g, group in enumerate(self.param_groups):
            if len(group["params"]) != sum(len(arena.params) for arena in self._arenas[g]):
                raise ValueError(
                    f"step: group {g}: its list of parameters was changed; use add_param_group"
                )
            for arena in self._arenas[g]:
                if not arena.in_place():
                    if not arena.fits():
                        self._rebuild(g)
                        break
                    arena.adopt()
        kept = []
        for group, arenas in zip(self.param_groups, self._arenas, strict=True):
            values = self._hyper(group)
            kept.append(self._kept(group))
            for arena in arenas:
                arena.set_hyper(values)
                for name in kept[-1]:
                    arena.buffer(name)
        return tuple(kept)

    def _rebuild(self, g: int) -> None:
        """Lays a group out anew, after parameters were converted to another dtype."""
        group = self.param_groups[g]
        state = self._state_of(g)
        for i, (p, shape) in enumerate(zip(group["params"], self._shapes(g), strict=True)):
            if p.shape != shape:
                raise ValueError(
                    f"step: parameter {i} of group {g}: expected shape {shape}, got {p.shape}"
                )
        self._arenas[g] = self._lay_out(group)
        self._set_state(g, state)

    # ---- state ---------------------------------------------------------------------------------

    def _places(self, g: int) -> list[tuple[FlatArena, int]]:
        """Where each parameter of a group lies, in the group's order."""
        places = {id(p): (a, i) for a in self._arenas[g] for i, p in enumerate(a.params)}
        return [places[id(p)] for p in self.param_groups[g]["params"]]

    def _shapes(self, g: int) -> list[tuple[int, ...]]:
        return [arena.shapes[i] for arena, i in self._places(g)]

    def _state_of(self, g: int) -> list[dict[str, Tensor]]:
        """The state of each parameter of a group, as views; empty for one never updated."""
        found = []
        for arena, i in self._places(g):
            entry: dict[str, Tensor] = {}
            if arena.count_values[i, 0] > 0:
                for k, name in enumerate(self.counted):
                    entry[name] = _C.index(arena.counts, (i, k))
                for name in self._kept(self.param_groups[g]):
                    entry[name] = arena.part(arena.buffer(name), i)
            found.append(entry)
        return found

    def _set_state(self, g: int, state: list[dict[str, Any]]) -> None:
        for (arena, i), entry in zip(self._places(g), state, strict=True):
            arena.count_values[i] = 0
            for name in arena.state:
                _C.fill_(arena.part(arena.state[name], i), 0)
            if entry:
                arena.count_values[i, 0] = 1
                for k, name in enumerate(self.counted):
                    arena.count_values[i, k] = float(entry[name])
                for name in self._kept(self.param_groups[g]):
                    _C.copy_(arena.part(arena.buffer(name), i), entry[name])

    @property
    def state(self) -> MutableMapping[Tensor, dict[str, Any]]:
        """What is remembered of each parameter, as views; of one never updated, which is not in it,
        a new empty dict.

        What is taken out (`clear()`, `del state[p]`) is forgotten: the next step is the first.
        What is written in is copied, and must be as `state_dict` has it.
        """
        return State(self)

    @state.setter
    def state(self, state: Mapping[Tensor, dict[str, Any]]) -> None:
        if not isinstance(state, Mapping):
            raise TypeError(
                f"{type(self).__name__}.state: expected a dict, got {type(state).__name__}"
            )
        self._remember(state)

    def _remember(self, state: Mapping[Tensor, dict[str, Any]]) -> None:
        where = f"{type(self).__name__}.state"
        params = [p for group in self.param_groups for p in group["params"]]
        if not {id(p) for p in state} <= {id(p) for p in params}:
            raise ValueError(f"{where}: expected parameters of this optimizer, got another tensor")
        found: list[list[dict[str, Any]]] = []
        for g, group in enumerate(self.param_groups):
            found.append([])
            for i, (p, shape) in enumerate(zip(group["params"], self._shapes(g), strict=True)):
                at = f"{where}: parameter {i} of group {g}"
                entry = self._checked(at, group, state.get(p, {}), shape)
                copied = {n: _C.clone(x) if isinstance(x, Tensor) else x for n, x in entry.items()}
                found[-1].append(copied)
        for g, entries in enumerate(found):
            self._set_state(g, entries)

    def _remembered(self) -> dict[Tensor, dict[str, Any]]:
        return {
            p: entry
            for g, group in enumerate(self.param_groups)
            for p, entry in zip(group["params"], self._state_of(g), strict=True)
            if entry
        }

    def state_dict(self) -> dict[str, Any]:
        """`{"state": {index: {name: tensor}}, "param_groups": [...]}`, as in PyTorch; copies."""
        state: dict[int, dict[str, Tensor]] = {}
        groups, first = [], 0
        for g, group in enumerate(self.param_groups):
            for i, entry in enumerate(self._state_of(g), first):
                if entry:
                    state[i] = {name: _C.clone(value) for name, value in entry.items()}
            n = len(group["params"])
            options = {key: value for key, value in group.items() if key != "params"}
            groups.append({**options, "params": list(range(first, first + n))})
            first += n
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave, of the same parameters in the same order.

        Raises:
            TypeError: no dict as `state_dict` gives.
            ValueError: other groups or sizes, another kind of state, or a hyperparameter out of
                range; nothing is changed then.
        """
        where = f"{type(self).__name__}.load_state_dict"
        saved = _saved_groups(where, state_dict)
        sizes = [len(group["params"]) for group in self.param_groups]
        if [len(group["params"]) for group in saved] != sizes:
            raise ValueError(
                f"{where}: expected groups of {sizes} parameters, "
                f"got {[len(group['params']) for group in saved]}"
            )
        groups, states = [], []
        for g, (group, given) in enumerate(zip(self.param_groups, saved, strict=True)):
            merged = {**group, **given, "params": group["params"]}
            self._check(merged)
            groups.append(merged)
            entries = [state_dict["state"].get(i, {}) for i in given["params"]]
            for i, (entry, shape) in enumerate(zip(entries, self._shapes(g), strict=True)):
                at = f"{where}: parameter {i} of group {g}"
                entries[i] = self._checked(at, merged, entry, shape)
            states.append(entries)
        for g, (group, merged) in enumerate(zip(self.param_groups, groups, strict=True)):
            group.update(merged)
            self._set_state(g, states[g])

    def _checked(
        self, where: str, group: Group, entry: dict[str, Any], shape: tuple[int, ...]
    ) -> dict[str, Any]:
        """The state of one parameter, if it is what this optimizer keeps."""
        if not isinstance(entry, dict):
            raise TypeError(f"{where}: expected a dict, got {type(entry).__name__}")
        entry = {name: value for name, value in entry.items() if value is not None}
        if not entry:
            return {}
        counted = {*self.counted}
        wanted = counted | {*self._kept(group)}
        if not wanted <= entry.keys() or not entry.keys() <= counted | {*self.buffers}:
            raise ValueError(f"{where}: expected {sorted(wanted)}, got {sorted(entry)}")
        for name in self._kept(group):
            value = entry[name]
            if not isinstance(value, Tensor) or value.shape != shape:
                got = value.shape if isinstance(value, Tensor) else type(value).__name__
                raise ValueError(f"{where}: {name}: expected a tensor of shape {shape}, got {got}")
        for name in self.counted:
            check_number(f"{where}: {name}", entry[name])
        return entry

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for g, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {g}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def _refuse_set(name: str, params: Any) -> None:
    if isinstance(params, set | frozenset):
        raise TypeError(f"{name}: params: expected an order, as of a list, got a set")


def _is_named(p: Any) -> bool:
    return isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str)


def _saved_groups(where: str, state_dict: Any) -> list[Group]:
    """The groups of a state_dict, if it has the form of one."""
    if not isinstance(state_dict, dict) or not {"state", "param_groups"} <= state_dict.keys():
        got = sorted(state_dict) if isinstance(state_dict, dict) else type(state_dict).__name__
        raise TypeError(f"{where}: expected a dict with 'state' and 'param_groups', got {got}")
    for group in state_dict["param_groups"]:
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f"{where}: param_groups: expected dicts with 'params', got {group!r}")
    return list(state_dict["param_groups"])


def check_pair(name: str, value: Any, below: float = float("inf")) -> None:
    """Two hyperparameters, each as in `check_number`."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name}: expected two numbers, got {value!r}")
    for i, number in enumerate(value):
        check_number(f"{name}[{i}]", number, below)


def check_number(name: str, value: Any, below: float = float("inf")) -> None:
    """A hyperparameter in [0, below); `name` as in "SGD: lr".

    Raises:
        TypeError: no number. ValueError: out of range, or NaN.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}") from None
    if isinstance(value, str):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    if not 0 <= number < below:
        upper = f" and below {below}" if below < float("inf") else ""
        raise ValueError(f"{name}: expected a finite number of at least 0{upper}, got {value}")
