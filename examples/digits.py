"""Handwritten digits: written as for PyTorch, the steps compiled, an epoch without Python in it.

Run:  pip install 'fastdl-nn[data]' && python examples/digits.py
"""

import fastdl
import fastdl.nn.functional as F
from fastdl import nn, optim
from fastdl.data import TensorDataset, load_digits, random_split

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


@fastdl.compile
def train_step(x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


@fastdl.compile
def count_right(x, y):
    return (model(x).argmax(1) == y).sum()


for epoch in range(1, 11):
    model.train()
    losses = train_step.epoch(train, batch_size=32, drop_last=True)
    model.eval()
    right = count_right.epoch(test, batch_size=512, shuffle=False).sum().item()
    loss, accuracy = losses.mean().item(), right / len(test)
    print(f"epoch {epoch:2}  loss {loss:.4f}  test accuracy {accuracy:.2%}")
