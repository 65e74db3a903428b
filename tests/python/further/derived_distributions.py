"""Distributions and maps of the program's own, and what derives from PyTorch's."""

import torch
import torch.distributions as D
from torch.distributions import constraints


def tr(name, f):
    try:
        print(name, f())
    except BaseException as e:
        print(name, type(e).__name__, e)


class TruncExp(D.Distribution):
    arg_constraints = {"rate": constraints.positive, "top": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, rate, top, validate_args=None):
        self.rate, self.top = (torch.as_tensor(rate), torch.as_tensor(top))
        super().__init__(self.rate.size(), validate_args=validate_args)

    @property
    def mean(self):
        return 1 / self.rate

    def rsample(self, sample_shape=torch.Size()):
        shape = self._extended_shape(sample_shape)
        u = torch.rand(shape, dtype=self.rate.dtype)
        return -torch.log1p(-u * (1 - torch.exp(-self.rate * self.top))) / self.rate

    def log_prob(self, value):
        if self._validate_args:
            self._validate_sample(value)
        return self.rate.log() - self.rate * value


torch.manual_seed(0)
d = TruncExp(torch.tensor([1.0, 2.0]), torch.full((2,), 3.0))
print(
    d.batch_shape,
    d._batch_shape,
    d.mean,
    d.sample((2,)),
    d.rsample().shape,
    d.log_prob(torch.tensor(0.5)),
    isinstance(d, D.Distribution),
)
print(d.sample())
tr("neg", lambda: TruncExp(torch.tensor(-1.0), 2.0))
tr("val", lambda: d.log_prob(torch.tensor(-0.5)))
print(d)


class Shift(D.Transform):
    bijective = True
    domain = constraints.real
    codomain = constraints.real
    sign = +1

    def __init__(self, s, cache_size=0):
        super().__init__(cache_size=cache_size)
        self.s = s

    def _call(self, x):
        return x + self.s

    def _inverse(self, y):
        return y - self.s

    def log_abs_det_jacobian(self, x, y):
        return torch.zeros_like(x)


t = Shift(2.0)
print(
    t(torch.ones(2)),
    t.inv(torch.ones(2)),
    t,
    D.TransformedDistribution(D.Normal(0.0, 1.0), [t, D.transforms.ExpTransform()]).log_prob(torch.tensor(3.0)),
)


class LogN(D.TransformedDistribution):
    def __init__(self, m, s):
        super().__init__(D.Normal(m, s), D.transforms.ExpTransform())
        self.m = m


print(LogN(torch.tensor(0.0), torch.tensor(1.0)).log_prob(torch.tensor(2.0)), LogN(0.0, 1.0))


class MyN(D.Normal):
    def sample(self, *a):
        return super().sample(*a) * 0

    @property
    def twice(self):
        return self.loc * 2


n = MyN(torch.ones(2), 1.0)
print(n.sample((3,)), n.twice, n, n.stddev, D.kl_divergence(n, D.Normal(0.0, 1.0)))


class Cat(D.Categorical):
    @property
    def mode(self):
        return self.probs.argmax(-1)

    def log_prob(self, a):
        return super().log_prob(a.squeeze(-1)).view(a.size(0), -1).sum(-1).unsqueeze(-1)


print(
    Cat(logits=torch.tensor([[1.0, 2.0], [3.0, 0.0]])).log_prob(torch.tensor([[1], [0]])), Cat(probs=torch.ones(2)).mode
)
