import os
import tempfile
import logging
import sys
import numpy as np
import torch
import torch.nn as nn
from pathlib import Path

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s:%(name)s: %(message)s")
logger = logging.getLogger("train")


class EarlyStopping:
    """Early stops the training if validation loss doesn't improve after a given patience."""

    def __init__(self, patience=7, verbose=False, delta=0, path='checkpoint.pt', trace_func=print):
        self.patience = patience
        self.verbose = verbose
        self.counter = 0
        self.best_val_loss = None
        self.early_stop = False
        self.val_loss_min = np.inf
        self.delta = delta
        self.path = path
        self.trace_func = trace_func
        self.best_state = None

    def __call__(self, val_loss, model):
        if np.isnan(val_loss):
            self.trace_func("Validation loss is NaN. Ignoring this epoch.")
            return
        if self.best_val_loss is None:
            self.best_val_loss = val_loss
            self.save_checkpoint(val_loss, model)
        elif val_loss < self.best_val_loss - self.delta:
            self.best_val_loss = val_loss
            self.save_checkpoint(val_loss, model)
            self.counter = 0
        else:
            self.counter += 1
            self.trace_func(f'EarlyStopping counter: {self.counter} out of {self.patience}')
            if self.counter >= self.patience:
                self.early_stop = True

    def save_checkpoint(self, val_loss, model):
        if self.verbose:
            self.trace_func(f'Validation loss decreased ({self.val_loss_min:.6f} --> {val_loss:.6f}).  Saving model ...')
        self.best_state = {k: v.clone() for k, v in model.state_dict().items()}
        self.val_loss_min = val_loss


torch.manual_seed(2)
X, Xv = torch.randn(20, 5), torch.randn(20, 5)
w = torch.randn(5, 1)
Y, Yv = X @ w + torch.randn(20, 1), Xv @ w + torch.randn(20, 1)
model = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=0.05)
stopper = EarlyStopping(patience=3, verbose=True, trace_func=logger.info)
for epoch in range(100):
    model.train()
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(X), Y)
    loss.backward()
    opt.step()
    model.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(Xv), Yv).item()
    stopper(val, model)
    if stopper.early_stop:
        logger.warning("Early stopping at epoch %d", epoch)
        break
model.load_state_dict(stopper.best_state)
logger.info("best %.4f", stopper.best_val_loss)
logger.debug("not shown")
print(Path("runs") / "exp1" / "best.pt", Path("model.final.pth").suffix, Path("a/b/c.txt").stem)
print(os.path.join("runs", "x"), model(Xv[:1]).shape)
