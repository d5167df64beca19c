"""The table that `Module.summary` returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..check import integer
from ..explain import describe
from ..grad_mode import no_grad
from ..ops.create import zeros
from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module


def summary(model: Module, input_shape: tuple[int, ...] | None = None) -> str:
    """A text table of the layers of `model`; see `Module.summary`.

    The output shapes come from one pass over zeros, in evaluation mode and without gradients;
    each module's mode is put back afterwards.  The zeros have the dtype of the first
    floating-point parameter.
    """
    shapes = {}
    if input_shape is not None:
        if not isinstance(input_shape, tuple | list):
            got = describe(input_shape)
            raise TypeError(f"summary: input_shape: expected a tuple of ints, got {got}")
        sizes = tuple([integer("summary: input_shape", n, 0) for n in input_shape])
        shapes = _output_shapes(model, sizes)
    header = ["layer", "output shape", "parameters"]
    rows = []
    counted: set[int] = set()  # a shared parameter counts where it is met first
    for path, module in model.named_modules():
        own = [p for p in module.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, own))
        depth, name = path.count(".") + bool(path), path.rpartition(".")[2]
        label = f"{'  ' * depth}{f'{name}: ' if name else ''}{type(module).__name__}"
        count = sum(p.numel() for p in own)
        rows.append([label, shapes.get(id(module), ""), f"{count:,}"])
    table = [header, *rows]
    if input_shape is None:
        table = [[layer, count] for layer, _, count in table]

    parameters, buffers = list(model.parameters()), list(model.buffers())
    total = sum(p.numel() for p in parameters)
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    size = sum(t.numel() * t.element_size() for t in (*parameters, *buffers))
    footer = [
        f"total: {total:,} parameters, {trained:,} trained",
        f"parameters and buffers: {size:,} bytes",
    ]
    return "\n".join([*_table(table), *footer])


def _output_shapes(model: Module, input_shape: tuple[int, ...]) -> dict[int, str]:
    """Output shape of every module that the pass reaches, by the module's id."""
    dtypes = [p.dtype for p in model.parameters() if p.is_floating_point()]
    shapes: dict[int, str] = {}

    def note(module: Module, args: Any, output: Any) -> None:
        shapes[id(module)] = _describe(output)

    modes = [(module, module.training) for module in model.modules()]
    handles = [module.register_forward_hook(note) for module, _ in modes]
    try:
        model.eval()
        with no_grad():
            model(zeros(input_shape, dtype=dtypes[0]) if dtypes else zeros(input_shape))
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return shapes


def _describe(output: Any) -> str:
    if isinstance(output, Tensor):
        return str(tuple(output.shape))
    if isinstance(output, (tuple, list)):
        return ", ".join(map(_describe, output))
    return type(output).__name__


def _table(rows: list[list[str]]) -> list[str]:
    """The rows as lines, columns aligned (the last one to the right), rules around the body."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        cells[-1] = row[-1].rjust(widths[-1])
        lines.append("  ".join(cells))
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return [lines[0], rule, *lines[1:], rule]
