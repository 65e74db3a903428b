import torch

torch.manual_seed(0)
A, B = torch.randn(2, 3), torch.randn(3, 4)
x, y = torch.randn(3), torch.randn(3)
T = torch.arange(24.).reshape(2, 3, 4)
checks = {
    "ij,jk->ik": (A @ B, (A, B)),
    "ij->ji": (A.T, (A,)),
    "i,i->": (x.dot(y), (x, y)),
    "i,j->ij": (torch.outer(x, y), (x, y)),
    "ii->i": (torch.diagonal(T[:, :2, 0]), (T[:, :2, 0],)),
    "bij->b": (T.sum((1, 2)), (T,)),
    "...j->...": (T.sum(-1), (T,)),
}
for spec, (want, args) in checks.items():
    got = torch.einsum(spec, *args)
    print(f"{spec:12} {tuple(got.shape)!s:10} {torch.allclose(got, want)}")
q = torch.randn(2, 2, 5, 4, requires_grad=True)
k, v = torch.randn(2, 2, 5, 4), torch.randn(2, 2, 5, 4)
attn = torch.einsum("bhqd,bhkd->bhqk", q, k).div(4 ** 0.5).softmax(-1)
out = torch.einsum("bhqk,bhkd->bqhd", attn, v).reshape(2, 5, -1)
print(out.shape)
out.square().mean().backward()
print(q.grad.norm())
print(torch.einsum("bn,anm,bm->ba", torch.ones(2, 3), torch.ones(5, 3, 4), torch.ones(2, 4)))
print(torch.tensordot(T, B.T, dims=([2], [0])).shape, torch.bmm(T, T.transpose(1, 2)).shape)
print(torch.kron(torch.eye(2), torch.ones(1, 2)), torch.cross(x, y, dim=0), sep="\n")
print(torch.linalg.multi_dot([A, B, torch.ones(4, 1)]).squeeze(), torch.trace(A @ A.T))
print(T.permute(2, 0, 1).shape, T.flatten(1).shape, T.unfold(2, 2, 1).shape, T.movedim(0, -1).shape)
print(T[:, [0, 2], ::2], T[..., None].shape, T[T > 20])
print(torch.where(A > 0, A, torch.zeros_like(A)), A.masked_fill(A < 0, -1), sep="\n")
idx = torch.tensor([[0, 1], [2, 0]])
print(T[0].gather(0, idx), torch.zeros(3, 4).scatter_(0, idx, 1.0), torch.zeros(3).scatter_add(0, torch.tensor([0, 0, 2]), x), sep="\n")
print(torch.index_select(B, 1, torch.tensor([0, 3])).shape, torch.take(B, torch.tensor([0, 5])).shape, B.roll(1, 0).equal(B))
print(torch.stack([x, y]), torch.vstack((x, y)).shape, torch.hstack((x, y)).shape, torch.meshgrid(x, y, indexing="ij")[0].shape)
print(torch.cumsum(T[0], 1), torch.cumprod(torch.tensor([1, 2, 3, 4]), 0), torch.diff(torch.tensor([1, 4, 9])))
u, c = torch.unique(torch.tensor([3, 1, 3, 2, 1]), return_counts=True)
print(u, c, torch.topk(x, 2), torch.median(x), torch.quantile(x, 0.5), sep=" | ")
