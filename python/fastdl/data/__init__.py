"""Datasets, batches and the data sets that fastdl can load by itself.

`Dataset`, `TensorDataset`, `Subset`, `random_split` and `DataLoader` have PyTorch's names and
behaviour; `load_digits` and `stratified_folds` serve `fastdl train`.
"""

from __future__ import annotations

from .dataset import Dataset, Subset, TensorDataset, random_split
from .digits import load_digits
from .folds import stratified_folds
from .loader import DataLoader, default_collate

__all__ = [
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "load_digits",
    "random_split",
    "stratified_folds",
]
