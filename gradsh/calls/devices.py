"""Devices: there is one, the CPU. It may be named; any other is PyTorch's own error of a build for the CPU."""

from __future__ import annotations

from gradsh.errors import ArgumentError, WrongDevice

KINDS = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, "
    "privateuseone"
)


class Device:
    """What `torch.device("cpu")` and `x.device` are; one of another kind can be named, and used for nothing."""

    __slots__ = ("index", "type")
    __public__ = frozenset({"type", "index"})
    __printed__ = True  # `print` shows what `str` gives, and a bare expression what `repr` gives

    def __init__(self, type: str, index: int | None = None) -> None:
        self.type = type
        self.index = index

    def __argument__(self) -> tuple[str, tuple[str, ...]]:
        """For errors of calls: the word for the type."""
        return "torch.device", ()

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and (other.type, other.index) == (self.type, self.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> Device:
        """`with torch.device("cpu"):`, where tensors are made inside. Errors: WrongDevice."""
        chosen(self)
        return self

    def __exit__(self, *_: object) -> None: ...


Device.__name__ = Device.__qualname__ = "device"
CPU = Device("cpu")


def device(named: object, index: object = None) -> Device:
    """The device of a name, `cpu`, `cuda:0`. Errors: PyTorch's for what is no name of one."""
    if isinstance(named, Device):
        return named
    if isinstance(named, int) and not isinstance(named, bool):
        raise WrongDevice("Cannot access accelerator device when none is available.", kind="RuntimeError")
    if not isinstance(named, str):
        raise ArgumentError(f"device(): argument 'type' (position 1) must be str, not {type(named).__name__}")
    kind, colon, number = named.partition(":")
    if kind not in KINDS.split(", ") or (colon and not number.isdigit()):
        if kind in KINDS.split(", ") or not kind.isidentifier():
            raise WrongDevice(f"Invalid device string: '{named}'", kind="RuntimeError")
        raise WrongDevice(
            f"Expected one of {KINDS} device type at start of device string: {named}", kind="RuntimeError"
        )
    if colon:
        return Device(kind, int(number))
    return Device(kind, index if isinstance(index, int) else None)


def laid_out(operator: str, layout: object) -> None:
    """See that `layout=` is `torch.strided`, or nothing. Errors: ArgumentError."""
    known = getattr(type(layout), "__argument__", None)
    if layout is not None and (known is None or known(layout)[0] != "torch.layout"):
        kind = type(layout).__name__
        raise ArgumentError(f"{operator}(): argument 'layout' must be torch.layout, not {kind}")


def unpinned(pin_memory: object) -> None:
    """See that memory is not to be pinned. Errors: WrongDevice."""
    if pin_memory:
        raise WrongDevice(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory allocator is available on "
            "this system.",
            kind="RuntimeError",
        )


def of_old_constructors(named: object) -> None:
    """`device=` of `FloatTensor(…)` and its kin. Errors: WrongDevice, in words of their own."""
    kind = "cpu" if named is None else device(named).type
    if kind != "cpu":
        raise WrongDevice(
            f"legacy constructor expects device type: cpu but device type: {kind} was passed", kind="RuntimeError"
        )


def chosen(named: object) -> None:
    """See that `device=` names the CPU, or nothing. Errors: WrongDevice."""
    if named is None:
        return
    if not isinstance(named, (str, int, Device)):
        raise ArgumentError(f"argument 'device' must be torch.device, not {type(named).__name__}")
    kind = device(named).type
    if kind == "cuda":
        raise WrongDevice("Torch not compiled with CUDA enabled")
    if kind == "meta":
        raise WrongDevice(
            "the device 'meta' is not in gradsh: a tensor has its numbers here",
            help='without a device, or on `device("cpu")`, the same lines run with numbers',
            kind="NotImplementedError",
        )
    if kind != "cpu":
        raise WrongDevice(f"PyTorch is not linked with support for {kind} devices", kind="RuntimeError")
