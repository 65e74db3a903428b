import torch
import numpy as np
from collections import defaultdict
from tqdm import tqdm
from tqdm.auto import trange


class AverageMeter(object):
    """Computes and stores the average and current value"""

    def __init__(self, name, fmt=':f'):
        self.name = name
        self.fmt = fmt
        self.reset()

    def reset(self):
        self.val = 0
        self.avg = 0
        self.sum = 0
        self.count = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count

    def __str__(self):
        fmtstr = '{name} {val' + self.fmt + '} ({avg' + self.fmt + '})'
        return fmtstr.format(**self.__dict__)


class ProgressMeter(object):
    def __init__(self, num_batches, meters, prefix=""):
        self.batch_fmtstr = self._get_batch_fmtstr(num_batches)
        self.meters = meters
        self.prefix = prefix

    def display(self, batch):
        entries = [self.prefix + self.batch_fmtstr.format(batch)]
        entries += [str(meter) for meter in self.meters]
        print('\t'.join(entries))

    def _get_batch_fmtstr(self, num_batches):
        num_digits = len(str(num_batches // 1))
        fmt = '{:' + str(num_digits) + 'd}'
        return '[' + fmt + '/' + fmt.format(num_batches) + ']'


def accuracy(output, target, topk=(1,)):
    """Computes the accuracy over the k top predictions for the specified values of k"""
    with torch.no_grad():
        maxk = max(topk)
        batch_size = target.size(0)
        _, pred = output.topk(maxk, 1, True, True)
        pred = pred.t()
        correct = pred.eq(target.view(1, -1).expand_as(pred))
        res = []
        for k in topk:
            correct_k = correct[:k].reshape(-1).float().sum(0, keepdim=True)
            res.append(correct_k.mul_(100.0 / batch_size))
        return res


def confusion_matrix(pred, target, n):
    cm = torch.zeros(n, n, dtype=torch.int64)
    for t, p in zip(target.view(-1), pred.view(-1)):
        cm[t.long(), p.long()] += 1
    return cm


torch.manual_seed(0)
losses, top1, top2 = AverageMeter('Loss', ':.4e'), AverageMeter('Acc@1', ':6.2f'), AverageMeter('Acc@2', ':6.2f')
progress = ProgressMeter(12, [losses, top1, top2], prefix="Epoch: [{}]".format(0))
preds, targets = [], []
for i in tqdm(range(4), desc="train", leave=False):
    output, target = torch.randn(10, 4), torch.randint(4, (10,))
    loss = torch.nn.functional.cross_entropy(output, target)
    acc1, acc2 = accuracy(output, target, topk=(1, 2))
    losses.update(loss.item(), output.size(0))
    top1.update(acc1[0], 10)
    top2.update(acc2[0], 10)
    if i % 2 == 0:
        progress.display(i + 1)
    preds.append(output.argmax(1))
    targets.append(target)
bar = tqdm(total=3)
for _ in trange(3):
    bar.update(1)
    bar.set_postfix(loss="%.2f" % losses.avg)
    bar.set_description(f"avg {losses.avg:.2f}")
bar.close()
cm = confusion_matrix(torch.cat(preds), torch.cat(targets), 4)
print(cm)
precision = cm.diag() / cm.sum(0)
recall = cm.diag() / cm.sum(1)
f1 = 2 * precision * recall / (precision + recall)
print(f"{'class':>8}{'prec':>8}{'recall':>8}{'f1':>8}")
for k in range(4):
    print(f"{k:>8}{precision[k]:>8.3f}{recall[k]:>8.3f}{f1[k]:>8.3f}")
print("macro f1", f1.nanmean().item(), "acc", (cm.diag().sum() / cm.sum()).item())
scores = np.array([0.1, 0.4, 0.35, 0.8])
truth = np.array([0, 0, 1, 1])
order = np.argsort(-scores)
tps, fps = np.cumsum(truth[order]), np.cumsum(1 - truth[order])
auc = np.trapezoid(np.r_[0, tps / tps[-1]], np.r_[0, fps / fps[-1]])
print("auc", auc, np.column_stack([fps, tps]).tolist())
