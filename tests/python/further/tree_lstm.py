from __future__ import annotations
import dataclasses
from collections import abc
from typing import Iterator, Sequence
import torch
from torch import nn


@dataclasses.dataclass(frozen=True)
class Node:
    value: int | None = None
    children: tuple[Node, ...] = ()

    def __iter__(self) -> Iterator[Node]:
        for child in self.children:
            yield from child
        yield self

    @property
    def depth(self) -> int:
        return 1 + max((c.depth for c in self.children), default=0)

    @classmethod
    def parse(cls, text: str) -> Node:
        stack: list[list[Node]] = [[]]
        for token in text.replace("(", " ( ").replace(")", " ) ").split():
            if token == "(":
                stack.append([])
            elif token == ")":
                children = stack.pop()
                stack[-1].append(cls(children=tuple(children)))
            else:
                stack[-1].append(cls(int(token)))
        assert len(stack) == 1, "unbalanced"
        return stack[0][0]


class TreeLSTM(nn.Module):
    """Child-sum tree LSTM."""

    def __init__(self, vocab: int, dim: int):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.iou = nn.Linear(2 * dim, 3 * dim)
        self.f = nn.Linear(2 * dim, dim)
        self.dim = dim

    def forward(self, tree: Node):
        states = [self(c) for c in tree.children]
        x = self.embed(torch.tensor(tree.value)) if tree.value is not None else torch.zeros(self.dim)
        hs = [h for h, _ in states] or [torch.zeros(self.dim)]
        h_sum = torch.stack(hs).sum(0)
        i, o, u = self.iou(torch.cat([x, h_sum])).chunk(3)
        c = torch.sigmoid(i) * torch.tanh(u)
        for h, child_c in states:
            c = c + torch.sigmoid(self.f(torch.cat([x, h]))) * child_c
        return torch.sigmoid(o) * torch.tanh(c), c


trees = [Node.parse(t) for t in ("(1 (2 3))", "((0 1) (2 (3 4)))", "(4 4 4)")]
print(trees[0], trees[1].depth, [n.value for n in trees[1]], isinstance(trees[0].children, abc.Sequence))
try:
    trees[0].value = 3
except dataclasses.FrozenInstanceError as e:
    print(type(e).__name__, e)
print({trees[2]: "seen"}[Node.parse("(4 4 4)")], dataclasses.replace(trees[2], value=7).value)
torch.manual_seed(0)
model, head = TreeLSTM(5, 6), nn.Linear(6, 2)
opt = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=0.05)
labels = torch.tensor([0, 1, 0])
for epoch in range(3):
    logits = torch.stack([head(model(t)[0]) for t in trees])
    loss = nn.functional.cross_entropy(logits, labels)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(epoch, round(loss.item(), 4), logits.argmax(-1).tolist())
