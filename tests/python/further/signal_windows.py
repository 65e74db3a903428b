# The windows of torch.signal, symmetric and periodic, and what each refuses.
import torch
from torch.signal import windows
from torch.signal.windows import hann as H
import torch.signal.windows as W
for name in ["bartlett","blackman","cosine","exponential","gaussian","hamming","hann","kaiser","nuttall","general_hamming"]:
    f = getattr(torch.signal.windows, name)
    for M in (0,1,2,5,8):
        for sym in (True, False):
            print(name, M, sym, f(M, sym=sym), f(M, sym=sym, dtype=torch.float64))
print(windows.general_cosine(5, a=[0.46, 0.23, 0.31]), W.gaussian(5, std=2.0, requires_grad=True), W.exponential(6, tau=3.0, sym=False, center=1), W.kaiser(5, beta=2.0), W.general_hamming(4, alpha=0.3), H(3, device="cpu", layout=torch.strided))
for g in (lambda: H(-1), lambda: H(3, dtype=torch.int64), lambda: W.kaiser(3, beta=-1.), lambda: W.gaussian(3, std=0), lambda: W.exponential(3, tau=0), lambda: W.exponential(3, center=1), lambda: W.general_cosine(3, a=[]), lambda: W.general_cosine(3, a=3), lambda: H(3, 4), lambda: H(), lambda: H(3, std=2)):
    try: print(g())
    except Exception as e: print(type(e).__name__, e)
print(H.__name__, W.gaussian(4, requires_grad=True).sum())
