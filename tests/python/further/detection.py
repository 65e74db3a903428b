import torch
from typing import List, Tuple, Dict, Optional
from torch import Tensor


def box_area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    area1, area2 = box_area(boxes1), box_area(boxes2)
    lt = torch.max(boxes1[:, None, :2], boxes2[:, :2])
    rb = torch.min(boxes1[:, None, 2:], boxes2[:, 2:])
    wh = (rb - lt).clamp(min=0)
    inter = wh[:, :, 0] * wh[:, :, 1]
    return inter / (area1[:, None] + area2 - inter)


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order = scores.argsort(descending=True)
    keep: List[int] = []
    while order.numel() > 0:
        i = order[0].item()
        keep.append(i)
        if order.numel() == 1:
            break
        iou = box_iou(boxes[i].unsqueeze(0), boxes[order[1:]])[0]
        order = order[1:][iou <= iou_threshold]
    return torch.as_tensor(keep, dtype=torch.int64)


class AnchorGenerator(torch.nn.Module):
    def __init__(self, sizes=((4, 8),), ratios=((0.5, 1.0, 2.0),)):
        super().__init__()
        self.sizes, self.ratios = sizes, ratios
        self.cell_anchors = [self.generate(s, r) for s, r in zip(sizes, ratios)]

    @staticmethod
    def generate(scales, aspect_ratios, dtype: torch.dtype = torch.float32):
        scales = torch.as_tensor(scales, dtype=dtype)
        aspect_ratios = torch.as_tensor(aspect_ratios, dtype=dtype)
        h_ratios = torch.sqrt(aspect_ratios)
        w_ratios = 1 / h_ratios
        ws = (w_ratios[:, None] * scales[None, :]).view(-1)
        hs = (h_ratios[:, None] * scales[None, :]).view(-1)
        return (torch.stack([-ws, -hs, ws, hs], dim=1) / 2).round()

    def forward(self, grid: Tuple[int, int], stride: int) -> Tensor:
        shifts_x = torch.arange(0, grid[1]) * stride
        shifts_y = torch.arange(0, grid[0]) * stride
        sy, sx = torch.meshgrid(shifts_y, shifts_x, indexing="ij")
        shifts = torch.stack((sx.reshape(-1), sy.reshape(-1), sx.reshape(-1), sy.reshape(-1)), dim=1)
        return (shifts.view(-1, 1, 4) + self.cell_anchors[0].view(1, -1, 4)).reshape(-1, 4)


torch.manual_seed(0)
anchors = AnchorGenerator()(grid=(2, 3), stride=8)
print(anchors.shape, anchors[:3], sep="\n")
gt = torch.tensor([[0., 0., 8., 8.], [10., 2., 20., 12.]])
iou = box_iou(anchors, gt)
best, idx = iou.max(dim=1)
labels = torch.full((len(anchors),), -1, dtype=torch.int64)
labels[best < 0.3] = 0
labels[best >= 0.5] = 1
labels[iou.argmax(0)] = 1
print(labels.bincount(minlength=2) if (labels >= 0).all() else torch.unique(labels, return_counts=True))
keep = nms(anchors, best + torch.linspace(0, 0.01, len(best)), 0.5)
print(keep, best[keep])
cxcywh = torch.cat([(gt[:, :2] + gt[:, 2:]) / 2, gt[:, 2:] - gt[:, :2]], dim=1)
print(cxcywh, gt.new_tensor([1, 2]), gt.new_full((2,), 3).dtype)
result: Dict[str, Tensor] = {"boxes": anchors[keep][:2], "scores": best[keep][:2]}
for k, v in result.items():
    print(f"{k:>8}: {v.tolist()}")
maybe: Optional[Tensor] = None
print(maybe if maybe is not None else "none")
hm = torch.zeros(1, 1, 6, 6)
hm[0, 0, 2, 3], hm[0, 0, 4, 1] = 0.9, 0.8
pooled = torch.nn.functional.max_pool2d(hm, 3, stride=1, padding=1)
peaks = (hm == pooled) & (hm > 0.5)
print(peaks.nonzero().tolist(), torch.nonzero(peaks[0, 0], as_tuple=True))
print(torch.nn.functional.smooth_l1_loss(gt, gt + 0.5, beta=1 / 9, reduction="sum"), torch.sigmoid(torch.tensor(-2.)))


def focal(inputs, targets, alpha=0.25, gamma=2):
    p = torch.sigmoid(inputs)
    ce = torch.nn.functional.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
    p_t = p * targets + (1 - p) * (1 - targets)
    loss = ce * ((1 - p_t) ** gamma)
    return (alpha * targets + (1 - alpha) * (1 - targets)) * loss


print(focal(torch.tensor([2., -1., 0.5]), torch.tensor([1., 0., 1.])))
