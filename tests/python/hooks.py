import torch, torch.nn as nn
torch.manual_seed(0)
acts = {}
def get_activation(name):
    def hook(model, input, output):
        acts[name] = output.detach()
    return hook
net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
h = net[0].register_forward_hook(get_activation('fc1'))
net[1].register_forward_hook(lambda m, i, o: print(m.__class__.__name__, tuple(o.shape)))
x = torch.randn(2, 3)
net(x)
print(acts['fc1'].shape, acts.keys())
h.remove()
grads = []
w = torch.tensor([1., 2.], requires_grad=True)
w.register_hook(lambda g: grads.append(g))
(w ** 2).sum().backward()
print(grads, w.grad)
t = torch.ones(2, requires_grad=True)
t.register_hook(lambda grad: grad * 2)
(t * 3).sum().backward()
print(t.grad)
def bw(module, gin, gout):
    print('bw', module, len(gin), gout[0].shape)
net[2].register_full_backward_hook(bw)
net(x).sum().backward()
