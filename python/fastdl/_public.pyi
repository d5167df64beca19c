# Written by tools/stubs.py from the list of ops.
from typing import Any

import numpy as np

from .ops import (
    activation as _activation,
    batchnorm as _batchnorm,
    binary as _binary,
    cat as _cat,
    compare as _compare,
    copy as _copy,
    create as _create,
    cross_entropy as _cross_entropy,
    diag as _diag,
    distance as _distance,
    dropout as _dropout,
    einsum as _einsum,
    index as _index,
    layernorm as _layernorm,
    masked as _masked,
    matmul as _matmul,
    multinomial as _multinomial,
    norm as _norm,
    poisson as _poisson,
    products as _products,
    random as _random,
    ranges as _ranges,
    rearrange as _rearrange,
    reduce as _reduce,
    rounding as _rounding,
    scan as _scan,
    scatter_reduce as _scatter_reduce,
    search as _search,
    softmax as _softmax,
    sort as _sort,
    special as _special,
    split as _split,
    ternary as _ternary,
    triangle as _triangle,
    trig as _trig,
    unary as _unary,
    view as _view,
    where as _where,
)
from .tensor import Tensor

_Number = float | np.generic
_Array = np.ndarray[Any, Any]

abs = _unary.abs
acos = _trig.acos
acosh = _trig.acosh
add = _binary.add
addcdiv = _ternary.addcdiv
addcmul = _ternary.addcmul
addmm = _products.addmm
addmv = _products.addmv
all = _reduce.all
allclose = _compare.allclose
amax = _reduce.amax
amin = _reduce.amin
aminmax = _reduce.aminmax
any = _reduce.any
arange = _create.arange
argmax = _reduce.argmax
argmin = _reduce.argmin
argsort = _sort.argsort
argwhere = _masked.argwhere
as_tensor = _create.as_tensor
asin = _trig.asin
asinh = _trig.asinh
atan = _trig.atan
atan2 = _binary.atan2
atanh = _trig.atanh
baddbmm = _products.baddbmm
batch_norm = _batchnorm.batch_norm
bernoulli = _random.bernoulli
bincount = _search.bincount
def bitwise_and(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
def bitwise_left_shift(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
bitwise_not = _unary.bitwise_not
def bitwise_or(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
def bitwise_right_shift(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
def bitwise_xor(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
bmm = _products.bmm
broadcast_tensors = _view.broadcast_tensors
broadcast_to = _view.broadcast_to
bucketize = _search.bucketize
cast = _copy.cast
cat = _cat.cat
cdist = _distance.cdist
ceil = _rounding.ceil
chunk = _split.chunk
clamp = _compare.clamp
clip = _compare.clip
clone = _copy.clone
column_stack = _cat.column_stack
concat = _cat.concat
concatenate = _cat.concatenate
contiguous = _copy.contiguous
copysign = _binary.copysign
cos = _trig.cos
cosh = _trig.cosh
count_nonzero = _reduce.count_nonzero
cross = _products.cross
cross_entropy = _cross_entropy.cross_entropy
cummax = _scan.cummax
cummin = _scan.cummin
cumprod = _scan.cumprod
cumsum = _scan.cumsum
diag = _diag.diag
diag_embed = _diag.diag_embed
diagonal = _diag.diagonal
diff = _scan.diff
digamma = _special.digamma
div = _binary.div
dot = _products.dot
dropout = _dropout.dropout
dstack = _cat.dstack
einsum = _einsum.einsum
elu = _activation.elu
empty = _create.empty
empty_like = _create.empty_like
def eq(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
equal = _compare.equal
erf = _special.erf
erfc = _special.erfc
erfinv = _special.erfinv
exp = _unary.exp
exp2 = _unary.exp2
expand = _view.expand
expm1 = _unary.expm1
eye = _diag.eye
flatten = _view.flatten
flip = _rearrange.flip
fliplr = _rearrange.fliplr
flipud = _rearrange.flipud
floor = _rounding.floor
floor_divide = _binary.floor_divide
fmod = _binary.fmod
frac = _rounding.frac
from_dlpack = _create.from_dlpack
from_numpy = _create.from_numpy
full = _create.full
full_like = _create.full_like
gather = _index.gather
def ge(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
gelu = _unary.gelu
def gt(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
hardsigmoid = _unary.hardsigmoid
hardswish = _unary.hardswish
histc = _search.histc
hstack = _cat.hstack
hypot = _binary.hypot
index_add = _index.index_add
index_copy = _index.index_copy
index_fill = _index.index_fill
index_select = _index.index_select
inner = _products.inner
isclose = _compare.isclose
isfinite = _rounding.isfinite
isin = _search.isin
isinf = _rounding.isinf
isnan = _rounding.isnan
kron = _products.kron
kthvalue = _sort.kthvalue
layer_norm = _layernorm.layer_norm
def le(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
leaky_relu = _activation.leaky_relu
lerp = _ternary.lerp
lgamma = _special.lgamma
linear = _matmul.linear
linspace = _ranges.linspace
log = _unary.log
log10 = _unary.log10
log1mexp = _unary.log1mexp
log1p = _unary.log1p
log2 = _unary.log2
log_softmax = _softmax.log_softmax
logaddexp = _binary.logaddexp
logaddexp2 = _binary.logaddexp2
logcumsumexp = _scan.logcumsumexp
def logical_and(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
logical_not = _unary.logical_not
def logical_or(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
def logical_xor(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
logit = _special.logit
logsigmoid = _unary.logsigmoid
logspace = _ranges.logspace
logsumexp = _softmax.logsumexp
def lt(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
masked_fill = _masked.masked_fill
masked_select = _masked.masked_select
matmul = _matmul.matmul
max = _reduce.max
maximum = _binary.maximum
mean = _reduce.mean
median = _sort.median
meshgrid = _ranges.meshgrid
min = _reduce.min
minimum = _binary.minimum
mm = _products.mm
movedim = _view.movedim
mul = _binary.mul
multinomial = _multinomial.multinomial
mv = _products.mv
nan_to_num = _where.nan_to_num
nanmean = _reduce.nanmean
nanmedian = _sort.nanmedian
nanquantile = _sort.nanquantile
nansum = _reduce.nansum
narrow = _split.narrow
def ne(input: Tensor | _Number, other: Tensor | _Number) -> Tensor: ...
neg = _unary.neg
nonzero = _masked.nonzero
norm = _norm.norm
normal = _random.normal
ones = _create.ones
ones_like = _create.ones_like
outer = _products.outer
permute = _view.permute
poisson = _poisson.poisson
polygamma = _special.polygamma
pow = _binary.pow
prod = _reduce.prod
quantile = _sort.quantile
rand = _random.rand
rand_like = _random.rand_like
randint = _random.randint
randint_like = _random.randint_like
randn = _random.randn
randn_like = _random.randn_like
randperm = _random.randperm
reciprocal = _unary.reciprocal
relu = _unary.relu
relu6 = _unary.relu6
remainder = _binary.remainder
repeat = _rearrange.repeat
repeat_interleave = _rearrange.repeat_interleave
reshape = _view.reshape
roll = _rearrange.roll
rot90 = _rearrange.rot90
round = _rounding.round
rsqrt = _unary.rsqrt
scatter = _index.scatter
scatter_add = _index.scatter_add
scatter_reduce = _scatter_reduce.scatter_reduce
searchsorted = _search.searchsorted
select = _split.select
sgn = _unary.sgn
sigmoid = _unary.sigmoid
sign = _unary.sign
signbit = _rounding.signbit
silu = _unary.silu
sin = _trig.sin
sinc = _special.sinc
sinh = _trig.sinh
softmax = _softmax.softmax
softplus = _unary.softplus
softplus_inverse = _unary.softplus_inverse
softsign = _unary.softsign
sort = _sort.sort
split = _split.split
sqrt = _unary.sqrt
square = _unary.square
squeeze = _view.squeeze
stack = _cat.stack
std = _reduce.std
std_mean = _reduce.std_mean
sub = _binary.sub
sum = _reduce.sum
swapaxes = _view.swapaxes
t = _view.t
take_along_dim = _index.take_along_dim
tan = _trig.tan
tanh = _unary.tanh
tensor = _create.tensor
tensor_split = _split.tensor_split
tensordot = _einsum.tensordot
tile = _rearrange.tile
topk = _sort.topk
trace = _diag.trace
transpose = _view.transpose
tril = _triangle.tril
tril_indices = _triangle.tril_indices
triu = _triangle.triu
triu_indices = _triangle.triu_indices
trunc = _rounding.trunc
unbind = _split.unbind
unflatten = _view.unflatten
unique = _search.unique
unique_consecutive = _search.unique_consecutive
unsqueeze = _view.unsqueeze
var = _reduce.var
var_mean = _reduce.var_mean
view = _view.view
vstack = _cat.vstack
where = _where.where
xlogy = _binary.xlogy
zeros = _create.zeros
zeros_like = _create.zeros_like

class _Methods:
    abs = _unary.abs
    acos = _trig.acos
    acosh = _trig.acosh
    add = _binary.add
    add_ = _binary.add_
    addcdiv = _ternary.addcdiv
    addcdiv_ = _ternary.addcdiv_
    addcmul = _ternary.addcmul
    addcmul_ = _ternary.addcmul_
    addmm = _products.addmm
    addmv = _products.addmv
    all = _reduce.all
    allclose = _compare.allclose
    amax = _reduce.amax
    amin = _reduce.amin
    aminmax = _reduce.aminmax
    any = _reduce.any
    argmax = _reduce.argmax
    argmin = _reduce.argmin
    argsort = _sort.argsort
    argwhere = _masked.argwhere
    asin = _trig.asin
    asinh = _trig.asinh
    atan = _trig.atan
    atan2 = _binary.atan2
    atanh = _trig.atanh
    baddbmm = _products.baddbmm
    bernoulli = _random.bernoulli
    bernoulli_ = _random.bernoulli_
    bincount = _search.bincount
    def bitwise_and(self, other: Tensor | _Number) -> Tensor: ...
    def bitwise_left_shift(self, other: Tensor | _Number) -> Tensor: ...
    bitwise_not = _unary.bitwise_not
    def bitwise_or(self, other: Tensor | _Number) -> Tensor: ...
    def bitwise_right_shift(self, other: Tensor | _Number) -> Tensor: ...
    def bitwise_xor(self, other: Tensor | _Number) -> Tensor: ...
    bmm = _products.bmm
    broadcast_to = _view.broadcast_to
    cast = _copy.cast
    cauchy_ = _random.cauchy_
    ceil = _rounding.ceil
    chunk = _split.chunk
    clamp = _compare.clamp
    clamp_ = _compare.clamp_
    clip = _compare.clip
    clip_ = _compare.clip_
    clone = _copy.clone
    contiguous = _copy.contiguous
    copy_ = _copy.copy_
    copysign = _binary.copysign
    cos = _trig.cos
    cosh = _trig.cosh
    count_nonzero = _reduce.count_nonzero
    cross = _products.cross
    cummax = _scan.cummax
    cummin = _scan.cummin
    cumprod = _scan.cumprod
    cumsum = _scan.cumsum
    diag = _diag.diag
    diag_embed = _diag.diag_embed
    diagonal = _diag.diagonal
    diff = _scan.diff
    digamma = _special.digamma
    div = _binary.div
    div_ = _binary.div_
    dot = _products.dot
    def eq(self, other: Tensor | _Number) -> Tensor: ...
    equal = _compare.equal
    erf = _special.erf
    erfc = _special.erfc
    erfinv = _special.erfinv
    exp = _unary.exp
    exp2 = _unary.exp2
    expand = _view.expand
    expm1 = _unary.expm1
    exponential_ = _random.exponential_
    fill_ = _copy.fill_
    fill_diagonal_ = _diag.fill_diagonal_
    flatten = _view.flatten
    flip = _rearrange.flip
    fliplr = _rearrange.fliplr
    flipud = _rearrange.flipud
    floor = _rounding.floor
    floor_divide = _binary.floor_divide
    floor_divide_ = _binary.floor_divide_
    fmod = _binary.fmod
    frac = _rounding.frac
    gather = _index.gather
    def ge(self, other: Tensor | _Number) -> Tensor: ...
    geometric_ = _random.geometric_
    def gt(self, other: Tensor | _Number) -> Tensor: ...
    histc = _search.histc
    hypot = _binary.hypot
    index_add = _index.index_add
    index_add_ = _index.index_add_
    index_copy = _index.index_copy
    index_copy_ = _index.index_copy_
    index_fill = _index.index_fill
    index_fill_ = _index.index_fill_
    index_select = _index.index_select
    inner = _products.inner
    isclose = _compare.isclose
    isfinite = _rounding.isfinite
    isinf = _rounding.isinf
    isnan = _rounding.isnan
    kron = _products.kron
    kthvalue = _sort.kthvalue
    def le(self, other: Tensor | _Number) -> Tensor: ...
    lerp = _ternary.lerp
    lerp_ = _ternary.lerp_
    lgamma = _special.lgamma
    log = _unary.log
    log10 = _unary.log10
    log1p = _unary.log1p
    log2 = _unary.log2
    log_normal_ = _random.log_normal_
    log_softmax = _softmax.log_softmax
    logaddexp = _binary.logaddexp
    logaddexp2 = _binary.logaddexp2
    logcumsumexp = _scan.logcumsumexp
    def logical_and(self, other: Tensor | _Number) -> Tensor: ...
    logical_not = _unary.logical_not
    def logical_or(self, other: Tensor | _Number) -> Tensor: ...
    def logical_xor(self, other: Tensor | _Number) -> Tensor: ...
    logit = _special.logit
    logsumexp = _softmax.logsumexp
    def lt(self, other: Tensor | _Number) -> Tensor: ...
    masked_fill = _masked.masked_fill
    masked_fill_ = _masked.masked_fill_
    masked_select = _masked.masked_select
    matmul = _matmul.matmul
    max = _reduce.max
    maximum = _binary.maximum
    mean = _reduce.mean
    median = _sort.median
    min = _reduce.min
    minimum = _binary.minimum
    mm = _products.mm
    movedim = _view.movedim
    mul = _binary.mul
    mul_ = _binary.mul_
    multinomial = _multinomial.multinomial
    mv = _products.mv
    nan_to_num = _where.nan_to_num
    nan_to_num_ = _where.nan_to_num_
    nanmean = _reduce.nanmean
    nanmedian = _sort.nanmedian
    nanquantile = _sort.nanquantile
    nansum = _reduce.nansum
    narrow = _split.narrow
    def ne(self, other: Tensor | _Number) -> Tensor: ...
    neg = _unary.neg
    nonzero = _masked.nonzero
    norm = _norm.norm
    normal_ = _random.normal_
    outer = _products.outer
    permute = _view.permute
    polygamma = _special.polygamma
    pow = _binary.pow
    pow_ = _binary.pow_
    prod = _reduce.prod
    quantile = _sort.quantile
    random_ = _random.random_
    reciprocal = _unary.reciprocal
    relu = _unary.relu
    relu_ = _unary.relu_
    remainder = _binary.remainder
    repeat = _rearrange.repeat
    repeat_interleave = _rearrange.repeat_interleave
    reshape = _view.reshape
    roll = _rearrange.roll
    rot90 = _rearrange.rot90
    round = _rounding.round
    rsqrt = _unary.rsqrt
    scatter = _index.scatter
    scatter_ = _index.scatter_
    scatter_add = _index.scatter_add
    scatter_add_ = _index.scatter_add_
    scatter_reduce = _scatter_reduce.scatter_reduce
    scatter_reduce_ = _scatter_reduce.scatter_reduce_
    select = _split.select
    sgn = _unary.sgn
    sigmoid = _unary.sigmoid
    sign = _unary.sign
    signbit = _rounding.signbit
    sin = _trig.sin
    sinc = _special.sinc
    sinh = _trig.sinh
    softmax = _softmax.softmax
    sort = _sort.sort
    split = _split.split
    sqrt = _unary.sqrt
    square = _unary.square
    squeeze = _view.squeeze
    std = _reduce.std
    sub = _binary.sub
    sub_ = _binary.sub_
    sum = _reduce.sum
    swapaxes = _view.swapaxes
    t = _view.t
    take_along_dim = _index.take_along_dim
    tan = _trig.tan
    tanh = _unary.tanh
    tensor_split = _split.tensor_split
    tile = _rearrange.tile
    topk = _sort.topk
    trace = _diag.trace
    transpose = _view.transpose
    tril = _triangle.tril
    tril_ = _triangle.tril_
    triu = _triangle.triu
    triu_ = _triangle.triu_
    trunc = _rounding.trunc
    unbind = _split.unbind
    unflatten = _view.unflatten
    uniform_ = _random.uniform_
    unique = _search.unique
    unique_consecutive = _search.unique_consecutive
    unsqueeze = _view.unsqueeze
    var = _reduce.var
    view = _view.view
    xlogy = _binary.xlogy
    zero_ = _copy.zero_
    def __neg__(self) -> Tensor: ...
    def __abs__(self) -> Tensor: ...
    def __invert__(self) -> Tensor: ...
    def __add__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __radd__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __sub__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __mul__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rmul__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __truediv__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __pow__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __floordiv__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __mod__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __lshift__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rshift__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __matmul__(self, other: Tensor | _Array) -> Tensor: ...
    def __eq__(self, other: Tensor | _Number | _Array) -> Tensor: ...  # type: ignore[override]
    def __ne__(self, other: Tensor | _Number | _Array) -> Tensor: ...  # type: ignore[override]
    def __lt__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __le__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __gt__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __ge__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __and__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rand__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __or__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __ror__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __xor__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rxor__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __iadd__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __isub__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __imul__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __itruediv__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __ifloordiv__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __ipow__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rsub__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rtruediv__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rpow__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rfloordiv__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rmod__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rlshift__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rrshift__(self, other: Tensor | _Number | _Array) -> Tensor: ...
    def __rmatmul__(self, other: Tensor | _Array) -> Tensor: ...
