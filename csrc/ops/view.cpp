// Views: the same buffer under another geometry.  No kernel runs here.
#include <algorithm>

#include "core/check.h"
#include "core/py_tensor.h"

namespace py = pybind11;

namespace fastdl {
namespace {

Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1) {
  const int a = wrap_dim("transpose", dim0, x.ndim()), b = wrap_dim("transpose", dim1, x.ndim());
  Tensor out = x;
  if (x.ndim()) {
    std::swap(out.shape[a], out.shape[b]);
    std::swap(out.strides[a], out.strides[b]);
  }
  return out;
}

Tensor permute(const Tensor& x, const Dims& dims) {
  require(dims.n == x.ndim(), "permute: dims: expected ", x.ndim(), " dimensions, got ", dims);
  Tensor out = x;
  bool seen[kMaxDims] = {};
  for (int i = 0; i < dims.n; ++i) {
    const int d = wrap_dim("permute", dims[i], x.ndim());
    require(!seen[d], "permute: dims: expected each dimension once, got ", dims);
    seen[d] = true;
    out.shape[i] = x.shape[d];
    out.strides[i] = x.strides[d];
  }
  return out;
}

Tensor unsqueeze(const Tensor& x, int64_t dim) {
  const int d = wrap_dim("unsqueeze", dim, x.ndim() + 1);
  Tensor out = x;
  out.shape.insert(d, 1);
  out.strides.insert(d, d < x.ndim() ? x.strides[d] * x.shape[d] : 1);
  return out;
}

// Removes dimension dim if its size is 1, as PyTorch does; with no dim all such dimensions.
Tensor squeeze(const Tensor& x, const py::object& dim) {
  const int only =
      dim.is_none() ? -1 : wrap_dim("squeeze", as_index(dim, "squeeze: dim"), x.ndim());
  Tensor out = x;
  for (int d = x.ndim() - 1; d >= 0; --d) {
    if (x.shape[d] != 1 || (only >= 0 && d != only))
      continue;
    out.shape.erase(d);
    out.strides.erase(d);
  }
  return out;
}

// -1 in a shape stands for what is left over; `what`, "op: argument", is for the messages.
Dims complete_shape(const char* what, const Tensor& x, Dims shape) {
  Dims named = shape;
  int open = -1;
  for (int i = 0; i < shape.n; ++i) {
    if (shape[i] == -1 && open < 0)
      named[open = i] = 1;
    else
      require(shape[i] >= 0, what, ": expected sizes of at least 0 and at most one -1, got ",
              shape);
  }
  require(is_countable(named), what, ": expected ", x.numel(), " elements as in ", x.shape,
          ", got ", shape);
  const int64_t known = named.product();
  if (open >= 0) {
    require(known > 0 && x.numel() % known == 0, what, ": ", x.shape, " does not divide into ",
            shape);
    shape[open] = x.numel() / known;
  } else {
    require(known == x.numel(), what, ": expected ", x.numel(), " elements as in ", x.shape,
            ", got ", shape);
  }
  return shape;
}

// The strides under which x's elements, in order, have that shape; false if no strides do.
bool strides_for(const Tensor& x, const Dims& shape, Dims& strides) {
  strides = contiguous_strides(shape);
  if (x.is_contiguous())
    return true;
  int from = x.ndim() - 1, to = shape.n - 1;
  while (from >= 0 || to >= 0) {
    while (from >= 0 && x.shape[from] == 1)
      --from;
    while (to >= 0 && shape[to] == 1)
      --to;
    if (from < 0 || to < 0)
      return from < 0 && to < 0;
    int64_t have = x.shape[from], want = shape[to];
    int64_t step = x.strides[from];
    strides[to--] = step;
    while (have != want) {
      if (have > want) {
        if (to < 0)
          return false;
        strides[to] = step * want;
        want *= shape[to--];
      } else {
        const int outer = --from;
        if (outer < 0 || (x.shape[outer] != 1 && x.strides[outer] != step * have))
          return false;
        have *= x.shape[outer];
      }
    }
    --from;
  }
  return true;
}

Tensor with_shape(const Tensor& x, const Dims& shape, const Dims& strides) {
  Tensor out = x;
  out.shape = shape;
  out.strides = strides;
  return out;
}

// A view where the strides allow one, else None.
py::object view(const char* what, const Tensor& x, const Dims& wanted) {
  const Dims shape = complete_shape(what, x, wanted);
  Dims strides;
  if (!strides_for(x, shape, strides))
    return py::none();
  return py::cast(with_shape(x, shape, strides));
}

Tensor expand_view(const Tensor& x, Dims shape) {
  for (int i = 1; i <= shape.n; ++i) // -1 keeps a dimension
    if (shape[shape.n - i] == -1 && i <= x.ndim())
      shape[shape.n - i] = x.shape[x.ndim() - i];
  for (int64_t size : shape)
    require(size >= 0, "expand: shape: expected sizes of at least 0, got ", shape);
  return expand("expand", x, shape);
}

// The elements [.., i, .., i + offset, ..], i along dim1 and i + offset along dim2, in a last
// dimension.
Tensor diagonal(const Tensor& x, int64_t offset, int64_t dim1, int64_t dim2) {
  require(x.ndim() >= 2, "diagonal: input: expected at least 2 dimensions, got shape ", x.shape);
  const int a = wrap_dim("diagonal", dim1, x.ndim()), b = wrap_dim("diagonal", dim2, x.ndim());
  require(a != b, "diagonal: dim1, dim2: expected two dimensions, got ", dim1, " and ", dim2);
  const int64_t down = offset < 0 ? std::min(-std::max(offset, -INT64_MAX), x.shape[a]) : 0,
                right = offset > 0 ? std::min(offset, x.shape[b]) : 0;
  const int64_t size = std::min(x.shape[a] - down, x.shape[b] - right);
  Tensor out = x;
  if (size > 0)
    out.offset += down * x.strides[a] + right * x.strides[b];
  for (const int d : {std::max(a, b), std::min(a, b)}) {
    out.shape.erase(d);
    out.strides.erase(d);
  }
  out.shape.push(size);
  out.strides.push(x.strides[a] + x.strides[b]);
  return out;
}

// Basic indexing: ints, slices, None and an Ellipsis.  Anything else is a TypeError.
Tensor index(const Tensor& x, const py::tuple& key) {
  int named = 0, ellipses = 0;
  for (py::handle k : key) {
    if (k.is(py::ellipsis()))
      ++ellipses;
    else if (!k.is_none())
      ++named;
  }
  require<IndexError>(ellipses <= 1, "index: expected at most one Ellipsis, got ", ellipses);
  require<IndexError>(named <= x.ndim(), "index: expected at most ", x.ndim(),
                      " indices for shape ", x.shape, ", got ", named);
  Tensor out = x;
  out.shape.n = out.strides.n = 0;
  int d = 0;
  const auto keep = [&](int64_t size, int64_t stride) {
    out.shape.insert(out.shape.n, size);
    out.strides.insert(out.strides.n, stride);
  };
  for (py::handle k : key) {
    if (k.is(py::ellipsis())) {
      for (int i = x.ndim() - named; i > 0; --i, ++d)
        keep(x.shape[d], x.strides[d]);
    } else if (k.is_none()) {
      keep(1, 1);
    } else if (PySlice_Check(k.ptr())) {
      Py_ssize_t start, stop, step;
      if (PySlice_Unpack(k.ptr(), &start, &stop, &step) < 0)
        throw py::error_already_set();
      require(step > 0, "index: slice: expected a step above 0, got ", step);
      const int64_t n = PySlice_AdjustIndices(x.shape[d], &start, &stop, step);
      if (n > 0)
        out.offset += start * x.strides[d];
      keep(n, n > 1 ? x.strides[d] * step : x.strides[d]); // a step may be as large as an int64
      ++d;
    } else {
      require<TypeError>(PyIndex_Check(k.ptr()),
                         "index: expected ints, slices, None or an Ellipsis, got ",
                         Py_TYPE(k.ptr())->tp_name);
      const int64_t i = as_index(k, "index"), n = x.shape[d];
      require<IndexError>(-n <= i && i < n, "index: ", i, " is out of range for dimension ", d,
                          " of size ", n);
      out.offset += (i < 0 ? i + n : i) * x.strides[d];
      ++d;
    }
  }
  for (; d < x.ndim(); ++d)
    keep(x.shape[d], x.strides[d]);
  return out;
}

} // namespace

void bind_view(py::module_& m) {
  m.def("transpose", &transpose, py::arg("input"), py::arg("dim0"), py::arg("dim1"));
  m.def("permute", &permute, py::arg("input"), py::arg("dims"));
  m.def("squeeze", &squeeze, py::arg("input"), py::arg("dim"));
  m.def("unsqueeze", &unsqueeze, py::arg("input"), py::arg("dim"));
  m.def(
      "reshape",
      [](const Tensor& x, const Dims& shape) { return view("reshape: shape", x, shape); },
      py::arg("input"), py::arg("shape"));
  m.def(
      "view", [](const Tensor& x, const Dims& shape) { return view("view: size", x, shape); },
      py::arg("input"), py::arg("shape"));
  m.def("expand", &expand_view, py::arg("input"), py::arg("shape"));
  m.def("diagonal", &diagonal, py::arg("input"), py::arg("offset"), py::arg("dim1"),
        py::arg("dim2"));
  m.def("index", &index, py::arg("input"), py::arg("key"));
  m.def("strides", [](const Tensor& x) { return x.strides; }, py::arg("input"));
  m.def("is_contiguous", [](const Tensor& x) { return x.is_contiguous(); }, py::arg("input"));
}

} // namespace fastdl
