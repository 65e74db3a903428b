import numpy as np
import torch
from torch.distributions.utils import broadcast_all, clamp_probs, logits_to_probs, probs_to_logits
from torch.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix
from torch.testing import assert_close
from torch.utils.data import DataLoader, IterableDataset

print(broadcast_all(1.0, torch.ones(2)), broadcast_all(1.0, 2), broadcast_all(1, torch.ones(2, 1, dtype=torch.float64)))
probs = torch.tensor([0.2, 0.8], requires_grad=True)
print(probs_to_logits(probs), probs_to_logits(torch.tensor(0.3), is_binary=True), clamp_probs(torch.tensor([0.0, 1.0])))
print(logits_to_probs(torch.tensor([1.0, 2.0])), logits_to_probs(torch.tensor(0.3), True))
print(vec_to_tril_matrix(torch.arange(6.0)), vec_to_tril_matrix(torch.arange(1.0, 7.0).reshape(2, 3), -1))
print(tril_matrix_to_vec(torch.arange(9.0).reshape(3, 3)), tril_matrix_to_vec(torch.ones(2, 2), -1))
for wrong in (lambda: broadcast_all("x", 1), lambda: vec_to_tril_matrix(torch.ones(4)),
    lambda: vec_to_tril_matrix(torch.ones(5)), lambda: tril_matrix_to_vec(torch.ones(2, 2), 5)):
    try:
        print(wrong())
    except (ValueError, RuntimeError) as error:
        print(error)


class Numbers(IterableDataset):
    def __iter__(self):
        return iter(range(3))


both = Numbers() + Numbers()
print(type(both).__name__, list(both), list(DataLoader(both, batch_size=4)))

for first, second, options in (
    (torch.ones(2, 2).t(), torch.ones(2, 2), {"check_stride": True}),
    (torch.ones(1), torch.zeros(1), {"msg": lambda said: "mine: " + said}),
    (torch.ones(1), torch.zeros(1), {"msg": "mine"}),
    (np.ones(2), torch.ones(2), {}),
    (np.ones(2), np.zeros(2), {}),
    (np.ones(2), np.ones(3), {}),
    (np.ones(2), np.ones(2), {}),
):
    try:
        print(assert_close(first, second, **options))
    except (AssertionError, TypeError) as error:
        print(type(error).__name__, error)
