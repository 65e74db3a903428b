"""When hooks are called: of leaves, of unused outputs, of views that were written, of nodes."""

import torch

torch.set_default_dtype(torch.float64)
log = []


def note(name):
    return lambda g: log.append(f"{name} {g}")


def done(name):
    return lambda t: log.append(f"{name} done")


w, x = [torch.tensor([v], requires_grad=True) for v in (2.0, 3.0)]
h = x * 2
h.register_hook(lambda g: log.append(f"h {w.grad} {x.grad}"))
w.register_hook(note("w"))
w.register_post_accumulate_grad_hook(done("w"))
x.register_post_accumulate_grad_hook(done("x"))
(h * w).backward()
leaves = [torch.ones(1, requires_grad=True) for _ in range(6)]
for at, leaf in enumerate(leaves):
    leaf.register_post_accumulate_grad_hook(done(at))
torch.stack(leaves).sum().backward()
a = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
for f in [lambda t: t.split(2), lambda t: torch.var_mean(t), lambda t: t.topk(2), lambda t: torch.aminmax(t)]:
    outs = [o for o in f(a * 1) if o.requires_grad]
    for at, out in enumerate(outs):
        out.register_hook(note(f"output {at}"))
    outs[0].grad_fn.register_prehook(note("before"))
    outs[-1].sum().backward()
b = a * 2
v = b[:2]
v.register_hook(note("v"))
b.register_hook(note("b"))
v.mul_(10)
b.register_hook(note("b again"))
(v * 2).sum().backward()
leaf = torch.ones(2, requires_grad=True)
node = (leaf * 2).grad_fn.next_functions[0][0]
node.register_hook(lambda inputs, outputs: log.append(f"after {outputs}"))
node.register_prehook(note("before"))
leaf.register_post_accumulate_grad_hook(done("leaf"))
(leaf * 3).sum().backward()
b = a * 2
b.retain_grad()
b.grad_fn.register_prehook(lambda gs: (gs[0] * 10,))
b.sum().backward()
print("\n".join(log))
print(b.grad, node is (leaf + 1).grad_fn.next_functions[0][0])
