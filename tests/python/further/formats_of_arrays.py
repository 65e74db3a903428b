"""Arrays without dims are formatted as their number, as NumPy does, in f-strings, by `format` and by `str.format`."""

import numpy as np
import torch

loss = torch.tensor(1.0129669)
print(f"{loss.numpy()} {loss.detach().numpy():.3f} {loss.numpy()!s} {loss.numpy()!r}", loss.numpy())
print("{0}, {0:.3f}, {0!s}".format(loss.data.numpy()), format(loss.numpy(), "8.2f"))
print("%s %.2f" % (loss.numpy(), loss.numpy()))
print("{v} {v:.2f}".format_map({"v": np.array(0.1, np.float32)}), str(np.array(0.1, np.float32)))
print(f"{np.array(3):03d} {np.array(3)} {np.array(True)} {np.array('ab'):>4} {np.array([1.5])}")
for format_ in ("{:.3f}", "{:d}"):
    for value in (np.array([0.5]), np.array(0.5)):
        try:
            print(format_.format(value))
        except (TypeError, ValueError) as error:
            print(type(error).__name__, error)

w = torch.tensor([0.5], requires_grad=True)
for i in range(3001):
    l = ((w * 2 - 3) ** 2).sum() / (i + 1)
    l.backward()
    with torch.no_grad():
        w -= 0.001 * w.grad
    w.grad.zero_()
    if i % 1000 == 0:
        print(f"{i} {l.data.numpy():.4f}", "{:.3f}".format(l.data.numpy()), f"{np.array(i, np.float32) / 7}")
