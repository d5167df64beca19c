"""Datasets, batches and the data sets that fastdl can load by itself.

`Dataset`, `TensorDataset`, `Subset`, `random_split` and `DataLoader` have PyTorch's names and
behaviour; the `load_…` functions and `stratified_folds` serve `fastdl train`.
"""

from __future__ import annotations

from ..explain import explain_errors
from .dataset import Dataset, Subset, TensorDataset, random_split
from .digits import load_digits
from .fashion_mnist import FASHION_MNIST_CLASSES, load_fashion_mnist
from .folds import stratified_folds
from .loader import DataLoader, default_collate
from .mnist5k import load_mnist5k

__all__ = [
    "FASHION_MNIST_CLASSES",
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "load_digits",
    "load_fashion_mnist",
    "load_mnist5k",
    "random_split",
    "stratified_folds",
]

explain_errors(globals(), __all__, methods=["take"])
