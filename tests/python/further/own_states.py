# Modules with a state of their own: more than tensors, old names, and what is missing or too much.
import torch
import torch.nn as nn


class Counted(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, 1)
        self.count = 3

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


one = Counted()
one.count = 7
saved = one.state_dict()
print(list(saved), saved["_extra_state"])
two = nn.Sequential(Counted(), nn.Linear(1, 1))
print(list(two.state_dict()))
three = Counted()
print(three.load_state_dict(saved), three.count)
for state in ({k: v for k, v in saved.items() if k != "_extra_state"}, {**saved, "more": torch.ones(1)}):
    try:
        three.load_state_dict(state)
    except RuntimeError as e:
        print(e)
    print(three.load_state_dict(state, strict=False))
try:
    nn.Linear(1, 1).load_state_dict({"weight": torch.ones(1, 1), "bias": torch.ones(1), "_extra_state": 3})
except RuntimeError as e:
    print(e)


class Renamed(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(1))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs):
        print("loading", repr(prefix), sorted(state_dict), strict)
        if prefix + "v" in state_dict:
            state_dict[prefix + "w"] = state_dict.pop(prefix + "v")
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "more"] = torch.zeros(1)


net = nn.Sequential(Renamed(), nn.Linear(1, 1, bias=False))
print(net.state_dict().keys())
print(net.load_state_dict({"0.v": torch.zeros(1), "1.weight": torch.ones(1, 1)}), net[0].w, net[1].weight)
try:
    net.load_state_dict(net.state_dict())
except RuntimeError as e:
    print(e)
