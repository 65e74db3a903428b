import torch
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import (StepLR, MultiStepLR, ExponentialLR, CosineAnnealingLR, ReduceLROnPlateau,
                                      CyclicLR, OneCycleLR, LinearLR, SequentialLR, CosineAnnealingWarmRestarts,
                                      LambdaLR, PolynomialLR, ChainedScheduler, ConstantLR, MultiplicativeLR)

model = torch.nn.Linear(2, 1)


def run(name, factory, steps=8, opt=None, metric=None):
    optimizer = opt or SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = factory(optimizer)
    lrs = []
    for i in range(steps):
        lrs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if metric is None:
            scheduler.step()
        else:
            scheduler.step(metric[i])
    print(f"{name:>28}: " + " ".join(f"{lr:.4g}" for lr in lrs))
    return scheduler


run("StepLR", lambda o: StepLR(o, step_size=3, gamma=0.1))
run("MultiStepLR", lambda o: MultiStepLR(o, milestones=[2, 5], gamma=0.5))
run("ExponentialLR", lambda o: ExponentialLR(o, gamma=0.9))
run("CosineAnnealingLR", lambda o: CosineAnnealingLR(o, T_max=8, eta_min=0.001))
run("ReduceLROnPlateau", lambda o: ReduceLROnPlateau(o, mode="min", factor=0.5, patience=1, threshold=1e-3),
    metric=[1.0, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8])
run("CyclicLR", lambda o: CyclicLR(o, base_lr=0.01, max_lr=0.1, step_size_up=3, mode="triangular2"))
run("OneCycleLR", lambda o: OneCycleLR(o, max_lr=0.1, steps_per_epoch=4, epochs=2))
run("LinearLR", lambda o: LinearLR(o, start_factor=0.5, total_iters=4))
run("Warmup+Cosine", lambda o: SequentialLR(o, schedulers=[LinearLR(o, 0.1, 1.0, total_iters=3),
                                                          CosineAnnealingLR(o, T_max=5)], milestones=[3]))
run("WarmRestarts", lambda o: CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2))
run("LambdaLR", lambda o: LambdaLR(o, lr_lambda=[lambda epoch: 0.95 ** epoch]))
run("PolynomialLR", lambda o: PolynomialLR(o, total_iters=6, power=2.0))
run("Chained", lambda o: ChainedScheduler([ConstantLR(o, factor=0.1, total_iters=2), ExponentialLR(o, gamma=0.9)]))
run("Multiplicative", lambda o: MultiplicativeLR(o, lr_lambda=lambda epoch: 0.9))
groups = Adam([{"params": [model.weight]}, {"params": [model.bias], "lr": 1e-3}], lr=1e-2)
s = run("groups", lambda o: StepLR(o, 2), opt=groups)
print(s.get_last_lr(), s.last_epoch, sorted(s.state_dict())[:4])
print(groups)


class NoamOpt:
    "Optim wrapper that implements rate."

    def __init__(self, model_size, factor, warmup, optimizer):
        self.optimizer = optimizer
        self._step = 0
        self.warmup = warmup
        self.factor = factor
        self.model_size = model_size
        self._rate = 0

    def step(self):
        self._step += 1
        rate = self.rate()
        for p in self.optimizer.param_groups:
            p['lr'] = rate
        self._rate = rate
        self.optimizer.step()

    def rate(self, step=None):
        if step is None:
            step = self._step
        return self.factor * (self.model_size ** (-0.5) * min(step ** (-0.5), step * self.warmup ** (-1.5)))


noam = NoamOpt(512, 1, 4, SGD(model.parameters(), lr=0))
for _ in range(6):
    noam.step()
    print("%.6f" % noam._rate, end=" ")
print()
