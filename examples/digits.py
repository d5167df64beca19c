"""Handwritten digits, written as for PyTorch: fastdl takes torch's place in the imports.

Run:  pip install 'fastdl-nn[data]' && python examples/digits.py
"""

import fastdl
import fastdl.nn.functional as F
from fastdl import nn, optim
from fastdl.data import DataLoader, TensorDataset, load_digits, random_split

fastdl.manual_seed(0)
images, labels = load_digits()  # float32 [1797, 64] from 0 to 1, int64 [1797]
train, test = random_split(TensorDataset(images, labels), [0.8, 0.2])

model = nn.Sequential(
    nn.Linear(64, 128),
    nn.BatchNorm1d(128),
    nn.ReLU(),
    nn.Dropout(0.2),
    nn.Linear(128, 10),
)
optimizer = optim.AdamW(model.parameters(), lr=0.005)

for epoch in range(1, 11):
    model.train()
    total = 0.0
    for x, y in DataLoader(train, batch_size=32, shuffle=True, drop_last=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)

    model.eval()
    with fastdl.no_grad():
        right = sum((model(x).argmax(1) == y).sum().item() for x, y in DataLoader(test, 512))
    print(f"epoch {epoch:2}  loss {total / len(train):.4f}  test accuracy {right / len(test):.2%}")
