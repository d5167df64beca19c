"""The command: plans the rows, runs the measuring processes, writes the CSV and the picture."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from fastdl.bench import PROCESSES, RIVALS

from .environment import stamp_of_run
from .harness import EFFORTS, QUICK
from .libraries import child_environment
from .op import Op, find_ops
from .plot import plot
from .results import Line, Timings, lines_of_row, read_csv, to_csv
from .summary import HEADER, rows, table, totals
from .worker import MARK

HUGE_PAGES_FROM = 4 << 20  # bytes of the working set: PyTorch asks for them from 2 MiB per tensor
FILES = {"headline": "bench.csv", "steps": "steps.csv", "ops": "ops.csv"}
WORKER = [sys.executable, "-m", "fastdl.bench"]

Key = tuple[str, str, int]  # op, size, threads


def run(options: argparse.Namespace) -> int:
    """Measure what the options ask for.

    Raises:
        ValueError: an option names something that there is not.
        OSError: the folder cannot be written to.
    """
    plan = select(find_ops(options.suite), options.ops, options.sizes)
    libraries = ["fastdl", *_known("rivals", options.rivals, RIVALS)]
    threads = _threads(options.threads)
    session = Session(options.suite, plan, libraries, options.quick)
    processes = options.processes or (1 if options.quick else PROCESSES)
    tasks = list(session.tasks(threads, processes))
    path = Path(options.out) / FILES[options.suite]
    path.parent.mkdir(parents=True, exist_ok=True)
    with tqdm(total=sum(len(task["rows"]) for task in tasks), unit=" rows", leave=False) as bar:
        try:
            for task in tasks:
                for row in session.run(task):
                    bar.set_postfix_str(row, refresh=False)
                    bar.update()
        except BaseException:  # what is done by then is kept, beside a whole result
            if lines := session.lines():
                partial = path.with_name(f"{path.stem}.partial.csv")
                partial.write_text(to_csv(lines, session.stamp), encoding="utf-8")
            raise
    path.write_text(to_csv(session.lines(), session.stamp), encoding="utf-8")
    return report(path, session.notes)


def report(path: Path, notes: Sequence[str] = ()) -> int:
    """Print the table of a CSV and draw its picture."""
    lines, stamp = read_csv(path)
    for key, value in stamp.items():
        print(f"{key:<24} {value}")
    found = rows(lines)
    print(
        "", HEADER, *table(found), "", *totals(found, int(stamp["last-level cache"])), "", sep="\n"
    )
    for note in notes:
        print(f"note: {note}")
    print(f"figures  {path}")
    try:
        for picture in plot(path):
            print(f"picture  {picture}")
    except ImportError as error:
        print(f"picture  none: {error}")
    return 0


def select(ops: dict[str, Op], names: Sequence[str], sizes: Sequence[str]) -> list[tuple[str, str]]:
    """The rows (op, size) that are asked for; all of them where nothing is."""
    chosen = _known("ops", names, tuple(ops))
    every = tuple(dict.fromkeys(size for name in chosen for size in ops[name].sizes))
    wanted = _known("sizes", sizes, every)
    return [(name, size) for name in chosen for size in ops[name].sizes if size in wanted]


def _known(option: str, words: Sequence[str], known: Sequence[str]) -> list[str]:
    for word in words:
        if word not in known:
            raise ValueError(f"--{option}: expected any of {'; '.join(known)}; got {word!r}")
    return list(dict.fromkeys(words or known))


def _threads(asked: Sequence[int]) -> list[int]:
    cores = len(os.sched_getaffinity(0))
    for n in asked:
        if n > cores:
            raise ValueError(f"--threads: expected at most {cores}, the cores there are; got {n}")
    return list(asked) or sorted({1, min(2, cores)})


class Session:
    """The measurements of one run, gathered from its processes."""

    def __init__(
        self, suite: str, plan: list[tuple[str, str]], libraries: list[str], quick: bool
    ) -> None:
        self.suite, self.plan, self.libraries, self.quick = suite, plan, libraries, quick
        self.ops = find_ops(suite)
        self.stamp = stamp_of_run(Path(__file__).parent)
        self.notes: list[str] = []
        self.timings: dict[Key, tuple[list[Timings], list[Timings]]] = defaultdict(lambda: ([], []))

    def tasks(self, threads: Sequence[int], processes: int) -> Iterator[dict[str, Any]]:
        """What each process does.

        PyTorch reads at its start whether to ask for huge pages, so it does so in processes of
        their own, beside fastdl again.  Rows that only inform have the first process alone.
        """
        plan = sorted(self.plan, key=lambda row: row[1])  # inputs are made once for each size
        decisive = [row for row in plan if self.ops[row[0]].representative]
        large = [
            (name, size)
            for name, size in decisive
            if self.ops[name].work(size).working_set >= HUGE_PAGES_FROM
        ]
        effort = dataclasses.asdict(QUICK if self.quick else EFFORTS[self.suite])
        for n in threads:
            for seed in range(processes):
                task = {"suite": self.suite, "threads": n, "seed": 1000 * seed, "effort": effort}
                rows = decisive if seed else plan
                if rows:
                    yield {**task, "rows": rows, "libraries": self.libraries, "huge_pages": False}
                if large and "torch" in self.libraries and not self.quick:
                    names = ["fastdl", "torch"]
                    yield {**task, "rows": large, "libraries": names, "huge_pages": True}

    def run(self, task: dict[str, Any]) -> Iterator[str]:
        """Run a process; yields the name of each row when it is done.

        Raises:
            RuntimeError: the process failed.
        """
        threads = task["threads"]
        cores = sorted(os.sched_getaffinity(0))[:threads]
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(
                WORKER,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=child_environment(threads, task["huge_pages"]),
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            ) as process,
        ):
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(task))
            process.stdin.close()
            for text in process.stdout:
                if text.startswith(MARK):
                    line = json.loads(text[len(MARK) :])
                    if "stamp" in line:
                        self.stamp = {**line["stamp"], **self.stamp}
                        self._note(line["missing"])
                    else:
                        key = (line["op"], line["size"], threads)
                        self.timings[key][task["huge_pages"]].append(line["timings"])
                        self._note(line["notes"])
                        yield f"{line['op']} {line['size']}"
            if process.wait():
                errors.seek(0)
                last = errors.read().strip().splitlines()[-1:] or ["no message"]
                raise RuntimeError(f"a measuring process failed: {last[0]}")

    def lines(self) -> list[Line]:
        """What is known so far."""
        place = {row: i for i, row in enumerate(self.plan)}
        found = sorted(self.timings.items(), key=lambda item: (item[0][2], place[item[0][:2]]))
        return [
            line
            for (name, size, threads), sets in found
            for line in lines_of_row(self.ops[name], size, threads, sets)
        ]

    def _note(self, notes: Sequence[str]) -> None:
        self.notes += [note for note in notes if note not in self.notes]
