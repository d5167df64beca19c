"""Poor conditioning: inv(A) @ b against factorise-and-solve, on Hilbert matrices.

Both lose digits of x as cond(A) grows.  But solving leaves a residual of rounding size, so its x
answers a problem next to the one that was asked; the inverse's does not.

Run:  pip install 'fastdl-nn[plot]' && python examples/conditioning.py
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import fastdl
from fastdl import linalg

sizes = range(2, 13)
conditions, errors, residuals = [], {"solve": [], "inv": []}, {"solve": [], "inv": []}
print(f"{'n':>3}{'cond(A)':>10}   relative error of x         relative residual of Ax = b")
for n in sizes:
    i = fastdl.arange(n, dtype=fastdl.float64)
    A = 1 / (i[:, None] + i + 1)
    x = fastdl.ones(n, dtype=fastdl.float64)
    b = A @ x
    conditions.append(linalg.cond(A).item())
    for name, found in (("solve", linalg.solve(A, b)), ("inv", linalg.inv(A) @ b)):
        size = found.abs().amax()
        errors[name].append(((found - x).abs().amax() / x.abs().amax()).item())
        scale = linalg.matrix_norm(A, float("inf")) * size
        residuals[name].append(((A @ found - b).abs().amax() / scale).item())
    error, residual = (
        f"solve {kind['solve'][-1]:.0e}, inv {kind['inv'][-1]:.0e}" for kind in (errors, residuals)
    )
    print(f"{n:3}{conditions[-1]:10.0e}   {error}   {residual}")

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for axis, values, label in (
    (axes[0], errors, "relative error of x"),
    (axes[1], residuals, "relative residual"),
):
    for name, text in (("inv", "inv(A) @ b"), ("solve", "solve(A, b)")):
        axis.loglog(conditions, [max(v, 1e-18) for v in values[name]], "o-", ms=4, label=text)
    axis.set_xlabel("cond(A)")
    axis.set_title(label, loc="left", fontsize=10)
    axis.grid(alpha=0.3)
axes[0].legend(frameon=False)
figure.savefig("conditioning.png", dpi=150)
print("picture: conditioning.png")
