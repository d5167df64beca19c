"""The benchmarks: statistics, verdicts, files, pictures, and a run of one tiny row."""

from __future__ import annotations

import dataclasses
import inspect
import math
import random
import re
import time
from pathlib import Path

import numpy as np
import pytest

import fastdl
from fastdl import cli
from fastdl.bench import benchmarks

intervals, harness, op = benchmarks("intervals"), benchmarks("harness"), benchmarks("op")
results, summary, worker = benchmarks("results"), benchmarks("summary"), benchmarks("worker")
readme, op_table = benchmarks("readme"), benchmarks("op_table")
plotting, environment, libraries = (
    benchmarks("plot"), benchmarks("environment"), benchmarks("libraries"),
)  # fmt: skip

EFFORT = harness.Effort(rounds=6, slow_rounds=6, block=100_000, warm_up=1)
STAMP = {"cpu": "some processor", "last-level cache": "1000", "torch": "2.13", "date": "2026-01-02"}


# ---- statistics ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "rank"), [(6, 1), (8, 1), (9, 2), (15, 4), (20, 6)]
)  # tables of the sign test, two-sided 5 %
def test_interval_ranks(n, rank):
    values = list(range(1, n + 1))
    random.Random(0).shuffle(values)
    found = intervals.interval_of_median(values)
    assert (found.median, found.low, found.high) == ((n + 1) / 2, rank, n + 1 - rank)


def test_interval_of_few_values_is_unknown():
    found = intervals.interval_of_median([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.median == 3 and math.isnan(found.low) and math.isnan(found.high)
    with pytest.raises(ValueError, match="at least one"):
        intervals.interval_of_median([])


def test_interval_covers_the_median():
    """In 400 draws of 15 the true median lies outside less than 7 % of the time."""
    rng = np.random.default_rng(0)
    draws = [intervals.interval_of_median(rng.exponential(size=15).tolist()) for _ in range(400)]
    outside = sum(not d.low <= math.log(2) <= d.high for d in draws)
    assert 0 < outside < 28


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.8, 0.9, "ahead"), (0.9, 1.1, "level"), (1.01, 1.2, "behind"), (1.0, 1.1, "level")],
)
def test_verdict(low, high, word):
    assert intervals.verdict(intervals.Interval(1.0, low, high)) == word


def test_ratio_pairs_the_rounds():
    """A machine that is slow for a while slows both: the ratio does not see it."""
    found = intervals.ratio([1, 10, 1, 1, 10, 1], [2, 20, 2, 2, 20, 2])
    assert found == intervals.Interval(0.5, 0.5, 0.5)


def test_geometric_mean():
    assert intervals.geometric_mean([0.5, 2.0]) == pytest.approx(1)
    assert math.isnan(intervals.geometric_mean([]))


# ---- the harness ---------------------------------------------------------------------------------


def test_rounds_are_interleaved_and_shuffled():
    seen: list[str] = []
    calls = {name: lambda name=name: (seen.append(name), time.sleep(5e-4)) for name in "abc"}
    timings = harness.measure(calls, EFFORT, seed=1)
    assert all(t.rounds == list(range(6)) and len(t.medians) == 6 for t in timings.values())
    blocks = [name for i, name in enumerate(seen) if i == 0 or seen[i - 1] != name][3:]
    orders = {tuple(blocks[i : i + 3]) for i in range(0, len(blocks) - 2, 3)}
    assert len(blocks) >= 15 and len(orders) > 1


def test_slow_contenders_get_fewer_rounds():
    calls = {
        "fastdl": lambda: time.sleep(1e-4),
        "numpy": lambda: time.sleep(5e-3),
        "torch": lambda: time.sleep(1e-3),
        "copy memcpy": lambda: time.sleep(1e-3),
    }
    effort = dataclasses.replace(EFFORT, slow_rounds=2, copy_rounds=1)
    timings = harness.measure(calls, effort, seed=0)
    assert timings["numpy"].rounds == [0, 1] and len(timings["fastdl"].rounds) == 6
    assert len(timings["torch"].rounds) == 6  # the fastest rival
    assert timings["copy memcpy"].rounds == [0]
    assert min(timings["numpy"].medians) >= 5e6 > min(timings["fastdl"].medians) >= 1e5


def test_worker_notes_what_fails_and_what_differs():
    def build(result):
        return lambda lib, size: lambda: np.full(3, result)

    def broken(lib, size):
        raise AttributeError("no such function")

    row = op.Op(
        "op", ("1",), lambda size: op.Work(),
        {"numpy": build(1.0), "numpy same": build(1.0), "numpy other": build(2.0),
         "numpy absent": lambda lib, size: None, "numpy broken": broken, "torch": broken},
    )  # fmt: skip
    timings, notes = worker.run_row(row, "1", {"numpy": libraries.Library(1)}, harness.QUICK, 0)
    assert set(timings) == {"numpy", "numpy same", "numpy other"}
    assert notes == [
        "op 1: numpy broken is left out: AttributeError: no such function",
        "op 1: the results of numpy other are not those of numpy",
    ]


def test_missing_libraries_are_noted(monkeypatch):
    class Missing(libraries.Library):
        def _load(self):
            raise ImportError("No module named 'torch'")

    monkeypatch.setitem(libraries.LIBRARIES, "torch", Missing)
    found, missing = worker.load(["numpy", "torch"], 1)
    assert list(found) == ["numpy"]
    assert missing == ["torch is left out: No module named 'torch'"]


def test_child_environment(monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("KEPT", "1")
    one = libraries.child_environment(1, huge_pages=False)
    assert "OPENBLAS_CORETYPE" not in one and one["KEPT"] == "1"
    assert one["FASTDL_NUM_THREADS"] == "1" and "intra_op_parallelism_threads=1" in one["XLA_FLAGS"]
    two = libraries.child_environment(2, huge_pages=True)
    assert two["THP_MEM_ALLOC_ENABLE"] == "1" and "XLA_FLAGS" not in two


def test_every_row_counts_its_work():
    ops = op.find_ops() | op.find_ops("steps")
    assert {"softmax", "cross_entropy", "batchnorm_relu", "dropout", "adam"} <= set(ops)
    for each in ops.values():
        assert len(set(each.sizes)) == len(each.sizes) and "fastdl" in each.contenders
        for size in each.sizes:
            work = each.work(size)
            assert (each.kind == "op") == bool(work.bytes and work.working_set)
            assert (each.kind == "matmul") == bool(work.flops)
    assert ops["softmax"].work("4096x4096") == op.Work(2**27, 2**27)


@pytest.mark.parametrize("library", ["fastdl", "numpy"])
def test_rows_run(library):
    """Every row is made and called at its first size, by the libraries that are always there."""
    found, _ = worker.load([library], 1)
    for each in (op.find_ops() | op.find_ops("steps")).values():
        for name, build in each.contenders.items():
            if name.split()[0] != library:
                continue
            call = build(found[library], each.sizes[0])
            assert call is None or call() is not None or not each.same


# ---- results -------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["fastdl", "numpy"])
def test_the_op_set_runs(library):
    """Every row is made and called at 10³ elements, of which it counts some bytes for each."""
    found, _ = worker.load([library], 1)
    for each in op.find_ops("ops").values():
        assert each.sizes == ("1e3", "1e5", "1e7") and "fastdl" in each.contenders
        assert each.work("1e5").bytes >= 100 * each.work("1e3").bytes > 0
        if library in each.contenders:
            assert each.contenders[library](found[library], "1e3")() is not None


# Public functions without a row of the suite ops.
VIEWS = {
    "broadcast_tensors", "broadcast_to", "chunk", "diagonal", "expand", "flatten", "movedim",
    "narrow", "permute", "reshape", "select", "split", "squeeze", "swapaxes", "t", "tensor_split",
    "transpose", "unbind", "unflatten", "unsqueeze", "view",
}  # fmt: skip
AS_OTHERS = {  # what they compute has a row under another name
    "as_tensor", "clip", "concat", "concatenate", "empty", "empty_like", "expit", "from_dlpack",
    "from_numpy", "full_like", "gammaln", "matmul", "ones_like", "psi", "rand_like", "randint_like",
    "randn_like", "tensor", "zeros_like",
}  # fmt: skip
NO_OPS = {
    "compile", "enable_grad", "explain", "get_num_threads", "get_rng_state", "initial_seed",
    "is_grad_enabled", "is_tensor", "manual_seed", "no_grad", "numel", "set_grad_enabled",
    "set_num_threads", "set_rng_state",
}  # fmt: skip


def test_every_op_has_a_row():
    """linalg's functions are NumPy's and have none."""
    public = {
        name
        for module in (fastdl, fastdl.nn.functional, fastdl.special)
        for name in dir(module)
        if name.islower() and name[0] != "_" and inspect.isroutine(getattr(module, name))
    }
    assert {"add", "exp", "sum", "gelu", "erf", "mse_loss", "one_hot"} <= public
    assert public - set(op.find_ops("ops")) - NO_OPS == VIEWS | AS_OTHERS


def test_informative_rows_have_one_process():
    """And no process with huge pages; a plan of them alone has no second process at all."""
    command = benchmarks("command")
    session = command.Session("ops", [("exp", "1e7"), ("log", "1e7")], ["fastdl", "torch"], False)
    session.ops["log"] = dataclasses.replace(session.ops["exp"], representative=False)
    tasks = [(t["rows"], t["huge_pages"]) for t in session.tasks([1], 2)]
    both, decisive = [("exp", "1e7"), ("log", "1e7")], [("exp", "1e7")]
    assert tasks == [(both, False), (decisive, True), (decisive, False), (decisive, True)]
    session.plan = [("log", "1e7")]
    assert len(list(session.tasks([1], 2))) == 1


def timing(*medians, rounds=None):
    numbers = list(rounds or range(len(medians)))
    return {"rounds": numbers, "medians": list(medians), "repetitions": len(medians)}


@pytest.fixture
def lines():
    """softmax of 8 MB in 2 ms, torch in 4 (with huge pages 2.5), two processes each."""
    row = op.Op("softmax", ("1000x1000",), op.passes(2, 2), {})
    plain = {
        "torch": timing(4e6, 4e6, 4e6),
        "fastdl": timing(2e6, 2e6, 2e6),
        "numpy": timing(8e6, rounds=[1]),
        "copy memcpy": timing(1e6, 1e6, 1e6),
        "copy torch": timing(3e6, 3e6, 3e6),
    }
    huge = {"fastdl": timing(1e6, 1e6, 1e6), "torch huge pages": timing(1.25e6, 1.25e6, 1.25e6)}
    return results.lines_of_row(row, "1000x1000", 2, [[plain, plain], [huge, huge]])


def test_lines_of_a_row(lines):
    found = {line.contender: line for line in lines}
    ours = found["fastdl"]
    assert (ours.time, ours.blocks, ours.ratio) == (2000, 6, 1)
    assert ours.gb_per_s == pytest.approx(4) and ours.copy_gb_per_s == pytest.approx(8)
    assert ours.copy_share == pytest.approx(0.5)
    assert found["torch"].ratio == found["torch"].ratio_high == 0.5
    assert found["numpy"].ratio == 0.25 and math.isnan(found["numpy"].ratio_low)
    assert found["torch huge pages"].ratio == 0.8  # against fastdl of the same processes
    assert math.isnan(found["copy memcpy"].ratio)


def test_matmul_is_compared_with_the_fastest():
    row = op.Op("matmul", ("a",), lambda size: op.Work(flops=10**6), {}, kind="matmul")
    process = {"fastdl": timing(2e3), "numpy": timing(1e3)}
    ours, theirs = results.lines_of_row(row, "a", 1, [[process], []])
    assert (ours.gflop_per_s, ours.gemm_share, theirs.gemm_share) == (500, 0.5, 1)


def test_csv_round_trip(lines, tmp_path):
    path = tmp_path / "bench.csv"
    path.write_text(results.to_csv(lines, STAMP), encoding="utf-8")
    again, stamp = results.read_csv(path)
    assert stamp == STAMP
    for a, b in zip(lines, again, strict=True):
        for field in dataclasses.fields(a):
            x, y = getattr(a, field.name), getattr(b, field.name)
            same = x == y if isinstance(x, str) else x == pytest.approx(y, nan_ok=True, rel=1e-4)
            assert same, field.name
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="expected the columns"):
        results.read_csv(path)


def test_summary(lines):
    (row,) = summary.rows(lines)
    assert (row.rival.contender, row.ratio.median, row.verdict) == (
        "torch huge pages",
        0.8,
        "ahead",
    )
    (text,) = summary.table([row])
    assert "2.00 ms" in text and "0.80 [ 0.80,  0.80]  ahead" in text and "50% of copy" in text
    first, large = summary.totals([row], last_level_cache=1000)
    assert "0.80 (geometric mean of 1 rows); 1 ahead, 0 level, 0 behind" in first
    assert "the least 50%: softmax 1000x1000" in large
    assert len(summary.totals([row], last_level_cache=2**40)) == 1


def test_the_floor_of_a_step():
    """The products alone, and how far above them the whole step is."""
    steps = op.find_ops("steps")
    found, _ = worker.load(["fastdl"], 2)
    assert "4-32-16-4 batch 10000" in steps["mlp_adam"].sizes
    calls = steps["mlp_sgd"].floor(found["fastdl"], "64-32-10 batch 32")
    assert list(calls) == ["floor fastdl", "floor OpenBLAS", "floor OpenBLAS, in parts"]
    for call in calls.values():
        call()
    process = {
        "fastdl compiled": timing(*[6e3] * 6), "jax": timing(*[12e3] * 6),
        "floor fastdl": timing(*[5e3] * 6), "floor OpenBLAS": timing(*[4e3] * 6),
    }  # fmt: skip
    lines = results.lines_of_row(steps["mlp_sgd"], "64-32-10 batch 32", 2, [[process]])
    (row,) = summary.rows(lines)
    assert row.rival.contender == "jax" and row.floor.contender == "floor OpenBLAS"
    assert "floor 4.00 µs: +2.00 µs, 1.50 times" in summary.table([row])[0]
    assert "1.50 times the floor" in summary.totals([row], 0)[1]


def test_a_row_that_is_behind_is_named(lines):
    slower = [dataclasses.replace(x, ratio=1.5, ratio_low=1.2, ratio_high=2.0) for x in lines]
    assert "  behind: softmax 1000x1000: 1.50" in summary.totals(summary.rows(slower), 0)


@pytest.mark.parametrize(
    ("time", "text"),
    [(0.5, "0.50 µs"), (9.996, "10.0 µs"), (999.7, "1.00 ms"), (43210, "43.2 ms"), (3e6, "3.00 s")],
)
def test_duration(time, text):
    assert summary.duration(time) == text


def test_the_script_that_trains(tmp_path, capsys):
    """It says the epoch in which two clouds are told apart, or that they are not."""
    script, rng = benchmarks("training_script"), np.random.default_rng(0)
    y = rng.integers(0, 2, 64)
    x = (rng.standard_normal((64, 4)) + 4 * y[:, None]).astype("float32")
    for target, word in ((0.9, r"\d+"), (1.1, "never")):
        np.savez(tmp_path / "data.npz", x=x, y=y, images=x, labels=y, widths=(4, 16, 2), batch=8,
                 epochs=20, target=target)  # fmt: skip
        script.accuracy(fastdl, str(tmp_path / "data.npz"), "0")
        assert re.fullmatch(word, capsys.readouterr().out.strip())


# ---- stamp, picture, command ---------------------------------------------------------------------


def test_stamp_names_no_path():
    found, _ = worker.load(["fastdl", "numpy"], 1)
    stamp = {**environment.stamp(found), **environment.stamp_of_run(Path(op.__file__).parent)}
    assert {
        "cpu",
        "cores",
        "caches",
        "fastdl",
        "numpy",
        "fastdl BLAS core",
        "date",
        "commit",
    } <= set(stamp)
    assert not any(value.startswith("/") for value in stamp.values())


def test_picture_from_a_csv(lines, tmp_path):
    pytest.importorskip("matplotlib")
    more = [
        dataclasses.replace(x, kind="step", op="mlp_sgd", size="64-32-10 batch 32") for x in lines
    ]
    (tmp_path / "x.csv").write_text(results.to_csv([*lines, *more], STAMP), encoding="utf-8")
    drawn = plotting.plot(tmp_path / "x.csv")
    assert [path.name for path in drawn] == ["x_op_2.png", "x_step_2.png"]
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in drawn)


def test_command(tmp_path, capsys):
    row = ["--ops", "exp", "--sizes", "64x10", "--rivals", "numpy", "--threads", "1"]
    assert cli.main(["bench", "--quick", *row, "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "fastdl / fastest rival" in text and "fastdl BLAS core" in text
    found, stamp = results.read_csv(tmp_path / "bench.csv")
    assert {line.contender for line in found} == {"fastdl", "numpy", "copy memcpy", "copy fastdl"}
    assert all(line.threads == 1 and line.time > 0 for line in found)
    assert stamp["fastdl"] and stamp["commit"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--ops", "sinus"], "--ops: expected any of"),
        (["--ops", "exp", "--sizes", "3x3"], "--sizes: expected any of 64x10"),
        (["--suite", "ops", "--ops", "mlp_sgd"], "--ops: expected any of"),
        (["--ops", "mlp_sgd"], "--ops: expected any of"),
        (["--rivals", "abacus"], "--rivals: expected any of numpy"),
        (["--threads", "100000"], "--threads: expected at most"),
    ],
)
def test_bad_options(words, message, tmp_path, capsys):
    assert cli.main(["bench", *words, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_table_of_every_op(tmp_path):
    """Representatives first, what is behind in bold with its note, a level row marked."""

    def lines_of(name, ours, **more):
        row = dataclasses.replace(op.find_ops("ops")[name], **more)
        process = {"fastdl": timing(*ours), "numpy": timing(*[2e6] * 6)}
        return results.lines_of_row(row, "1e5", op_table.THREADS, [[process], []])

    lines = [
        *lines_of("sub", [3e6] * 6),
        *lines_of("add", [1e6] * 6),
        *lines_of("mul", [1e6, 3e6] * 3),
    ]
    (tmp_path / "ops.csv").write_text(results.to_csv(lines, STAMP), encoding="utf-8")
    text = op_table.text(tmp_path / "ops.csv")
    assert text.index("## binary") < text.index("`add`") < text.index("`sub`")
    assert "| • `add` |  | 0.50 (0.50–0.50) numpy |  |  |" in text
    assert "| `sub` |  | **1.50 (1.50–1.50) numpy** |  | not yet examined |" in text
    assert "| `mul` |  | ≈ 1.00 (0.50–1.50) numpy |  |  |" in text
    assert "The representatives: 0.50 of" in text and "2 rows); behind in 1." in text


def test_a_row_that_is_behind_says_why(tmp_path):
    row = op.find_ops("ops")["hardtanh"]
    for theirs, note in ((2e6, row.note), (4e6, "")):
        process = {"fastdl": timing(*[3e6] * 6), "numpy": timing(*[theirs] * 6)}
        lines = results.lines_of_row(row, "1e5", op_table.THREADS, [[process], []])
        (tmp_path / "ops.csv").write_text(results.to_csv(lines, STAMP), encoding="utf-8")
        text = op_table.text(tmp_path / "ops.csv")
        (line,) = [line for line in text.splitlines() if "`hardtanh`" in line]
        assert row.note and line.endswith(f" |  | {note} |")


def test_the_readme_shows_rows_that_there_are():
    ops = op.find_ops() | op.find_ops("steps")
    for name, size in readme.SHOWN.values():
        assert size in ops[name].sizes


def test_the_readme_says_what_the_results_say():
    root = Path(__file__).parents[1]
    results, text = root / "benchmarks" / "results", (root / "README.md").read_text("utf-8")
    block = readme.figures(results)
    assert readme.with_figures(text, block, readme.package(results / "package.csv")) == text


def test_the_table_says_what_the_results_say():
    root = Path(__file__).parents[1] / "benchmarks"
    if not (root / "results" / "ops.csv").exists():
        pytest.skip("the suite ops has not been measured")
    assert (root / "ops.md").read_text("utf-8") == op_table.text(root / "results" / "ops.csv")
