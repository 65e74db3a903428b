"""Images: shuffles of channels and pixels, patches as columns, sampling at places of one's own."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import int_tuple, not_implemented
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode as context
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import strided
from gradsh.engine.core.tensor import make
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import INTEGERS
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.loss.regression import size_text
from gradsh.engine.ops.nn.padding import without_batch
from gradsh.errors import DimError, DtypeError, ShapeError, ValueError_, ValueProblem

# --- shuffles --------------------------------------------------------------------------------------------------------


@composite(
    "pixel_shuffle(input, upscale_factor)",
    layout="images",
    rename="PixelShuffleBackward0",
    method=False,
    samples=lambda: [call(t(1, 4, 1, 2), 2), call(t(4, 2, 1), 2)],
    formula="g, shuffled back",
    example="pixel_shuffle(arange(4.).reshape(1, 4, 1, 1), 2)",
)
def pixel_shuffle(input: Any, upscale_factor: Any) -> Any:
    """(…, c r r, h, w) as (…, c, h r, w r): groups of channels become larger planes."""
    shape, r = input.data.shape, upscale_factor
    if len(shape) < 3:
        raise ShapeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if r <= 0:
        raise ValueProblem(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, c, h, w = shape
    if c % (r * r):
        raise ShapeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            "but "
            f"input.size(-3)={c} is not divisible by {r * r}"
        )
    k = len(lead)
    x = T.reshape(input, *lead, c // (r * r), r, r, h, w)
    x = T.permute(x, *range(k), k, k + 3, k + 1, k + 4, k + 2)
    return T.reshape(x, *lead, c // (r * r), h * r, w * r)


@composite(
    "pixel_unshuffle(input, downscale_factor)",
    layout="images",
    rename="PixelUnshuffleBackward0",
    method=False,
    samples=lambda: [call(t(1, 1, 2, 4), 2), call(t(1, 2, 2), 2)],
    formula="g, shuffled back",
    example="pixel_unshuffle(ones(1, 1, 2, 2), 2)",
)
def pixel_unshuffle(input: Any, downscale_factor: Any) -> Any:
    """(…, c, h r, w r) as (…, c r r, h, w): the inverse of pixel_shuffle."""
    shape, r = input.data.shape, downscale_factor
    if len(shape) < 3:
        raise ShapeError(
            f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if r <= 0:
        raise ValueProblem(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, c, h, w = shape
    for name, at, n in (("height", -2, h), ("width", -1, w)):
        if n % r:
            raise ShapeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({at})={n} is not "
                f"divisible by {r}"
            )
    k = len(lead)
    x = T.reshape(input, *lead, c, h // r, r, w // r, r)
    x = T.permute(x, *range(k), k, k + 2, k + 4, k + 1, k + 3)
    return T.reshape(x, *lead, c * r * r, h // r, w // r)


@composite(
    "channel_shuffle(input, groups)",
    layout="images",
    rename="ChannelShuffleBackward0",
    method=False,
    samples=lambda: [call(t(1, 4, 2), 2), call(t(2, 6, 1), 3)],
    formula="g, shuffled back",
    example="channel_shuffle(ones(1, 4, 2), 2)",
)
def channel_shuffle(input: Any, groups: Any) -> Any:
    """The channels, taken in turn from each of `groups` groups."""
    shape = input.data.shape
    if len(shape) < 3:
        raise ShapeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise ValueProblem(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    n, c, *rest = shape
    if c % groups:
        raise ShapeError(f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups.")
    x = T.reshape(input, n, groups, c // groups, *rest)
    return T.reshape(T.transpose(x, 1, 2), *shape)


# --- patches as columns ----------------------------------------------------------------------------------------------


@op("im2col(input, how)", grad_fn="Im2ColBackward0", private=True)
def im2col(x: Any, how: Any) -> Any:
    """Patches as columns, (batch, channels * kernel, places); `how` is (kernel, dilation, padding, stride, size)."""
    kernel, dilation, padding, stride, _ = how
    n, c, *size = x.shape
    full = alloc.zeros((n, c, *(m + 2 * p for m, p in zip(size, padding, strict=True))), x.dtype)
    full[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]] = x
    steps = full.strides
    spatial = [(steps[i + 2] * dilation[i], steps[i + 2] * stride[i]) for i in range(2)]
    view = strided(
        full, (n, c, *kernel, *blocks(how)), (*steps[:2], *(a for a, _ in spatial), *(b for _, b in spatial))
    )
    return view.reshape(n, c * math.prod(kernel), math.prod(blocks(how)))


im2col.vjp("input")(lambda F, g, out, x, how: F.col2im(g, how))


@op("col2im(input, how)", grad_fn="Col2ImBackward0", private=True)
def col2im(x: Any, how: Any) -> Any:
    """Columns added up where their patches lie."""
    kernel, dilation, padding, stride, size = how
    n = x.shape[0]
    out = blocks(how)
    cols = x.reshape(n, x.shape[1] // math.prod(kernel), *kernel, *out)
    full = alloc.zeros((n, cols.shape[1], *(s + 2 * p for s, p in zip(size, padding, strict=True))), x.dtype)
    for i, j in product(*map(range, kernel)):
        top, left = i * dilation[0], j * dilation[1]
        full[
            :,
            :,
            top : top + stride[0] * (out[0] - 1) + 1 : stride[0],
            left : left + stride[1] * (out[1] - 1) + 1 : stride[1],
        ] += cols[:, :, i, j]
    return alloc.ascontiguousarray(full[:, :, padding[0] : padding[0] + size[0], padding[1] : padding[1] + size[1]])


col2im.vjp("input")(lambda F, g, out, x, how: F.im2col(g, how))


def blocks(how: Any) -> tuple[int, ...]:
    """How many patches there are along height and width."""
    kernel, dilation, padding, stride, size = how
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    )


def _pairs(name: str, kernel: Any, dilation: Any, padding: Any, stride: Any) -> tuple[Any, ...]:
    """The four as pairs, checked."""
    pairs = []
    for argument, value in (("kernel_size", kernel), ("dilation", dilation), ("padding", padding), ("stride", stride)):
        values = tuple(int(v) for v in value) if isinstance(value, (tuple, list)) else (int(value),)
        if len(values) not in (1, 2):
            raise ShapeError(f"{name}: {argument} must be a single int, or a tuple of two ints")
        pairs.append(values * (2 // len(values)))
    for words, short, values in (
        ("kernel size", "kernel", pairs[0]),
        ("dilation", "dilation", pairs[1]),
        ("stride", "stride", pairs[3]),
    ):
        if any(v <= 0 for v in values):
            raise ValueProblem(
                f"{words} should be greater than zero, but got {short}_height: {values[0]} {short}_width: {values[1]}"
            )
    if any(p < 0 for p in pairs[2]):
        raise ValueProblem(
            f"padding should be non-negative, but got padding_height: {pairs[2][0]} padding_width: {pairs[2][1]}"
        )
    return tuple(pairs)


@composite(
    "unfold(input, kernel_size, dilation=1, padding=0, stride=1)",
    python=True,
    method=False,
    samples=lambda: [call(t(1, 2, 2, 3), 2), call(t(1, 3, 3), (2, 1), 1, 1, 2), call(t(1, 1, 3, 4), 2, (2, 1))],
    formula="g, added up where the patches lie (fold)",
    example="unfold(ones(1, 1, 2, 3), 2)",
)
def unfold(input: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    """The patches of (batch, channels, height, width) as columns: (batch, channels * kernel, patches)."""
    pairs = _pairs("unfold", kernel_size, dilation, padding, stride)
    shape = input.data.shape
    if len(shape) < 3 and shape[1:] != (0,):
        raise DimError(
            f"Dimension out of range (expected to be in range of [{-max(len(shape), 1)}, {max(len(shape), 1) - 1}], "
            "but got 2)"
        )
    if len(shape) not in (3, 4) or 0 in shape[len(shape) - 3 :]:
        raise ShapeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(shape)}"
        )
    if input.data.dtype.kind not in "fb":
        raise not_implemented("im2col_out_cpu", input.data.dtype)
    how = (*pairs, tuple(shape[-2:]))
    out = blocks(how)
    if min(out) < 1:
        raise ShapeError(
            f"Given input with spatial size {_tuple(shape[-2:])}, kernel_size={_tuple(pairs[0])}, "
            f"dilation={_tuple(pairs[1])}, padding={_tuple(pairs[2])}, calculated shape of the array of sliding "
            "blocks as "
            f"{_tuple(out)}, but its components must be at least one."
        )
    if len(shape) == 3:
        return without_batch(T.im2col(T.unsqueeze(input, 0), how), "Im2ColBackward0")
    return T.im2col(input, how)


def _tuple(values: Any) -> str:
    return f"({', '.join(map(str, values))})"


@composite(
    "fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(1, 4, 2), (2, 3), 2),
        call(t(2, 6), (3, 3), (2, 1), 1, 1, 2),
        call(t(1, 4, 2), (3, 3), 2, (2, 1)),
    ],
    formula="the patches of g (unfold)",
    refuses={"col2im_out_cpu": INTEGERS},
    example="fold(ones(1, 4, 2), (2, 3), 2)",
)
def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    """Columns added up where their patches lie: (batch, channels, height, width); the transpose of unfold."""
    pairs = _pairs("fold", kernel_size, dilation, padding, stride)
    size = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * 2
    if len(size) != 2:
        raise ShapeError(f"It is expected output_size equals to 2, but got size {len(size)}")
    shape = input.data.shape
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise ShapeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(shape)}"
        )
    kernel = pairs[0]
    if shape[-2] % math.prod(kernel):
        raise ShapeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[-2]} and kernel_size={_tuple(kernel)}."
        )
    how = (*pairs, size)
    out = blocks(how)
    given = (
        f"Given output_size={_tuple(size)}, kernel_size={_tuple(kernel)}, dilation={_tuple(pairs[1])}, "
        f"padding={_tuple(pairs[2])}, stride={_tuple(pairs[3])}, "
    )
    if math.prod(out) != shape[-1]:
        raise ShapeError(
            f"{given}expected size of input's dimension 2 to match the calculated number of sliding blocks {out[0]} * "
            f"{out[1]} = {math.prod(out)}, but got input.size(2)={shape[-1]}."
        )
    if min(out) < 1:
        raise ShapeError(
            f"{given}calculated shape of the array of sliding blocks as {_tuple(out)}, which is too small "
            "(non-positive)"
        )
    if len(shape) == 2:
        return without_batch(T.col2im(T.unsqueeze(input, 0), how), "Col2ImBackward0")
    return T.col2im(input, how)


# --- sampling --------------------------------------------------------------------------------------------------------

DEFAULT_CORNERS = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def _reflected(x: Any, twice_low: int, twice_high: int) -> Any:
    """A coordinate mirrored at both ends as often as it takes."""
    if twice_low == twice_high:
        return x * 0
    low, span = twice_low / 2, (twice_high - twice_low) / 2
    distance = T.abs(x - low)
    flips = np.floor(distance.data / span)
    even = flips % 2 == 0
    sign = np.where(even, 1, -1).astype(x.data.dtype)
    offset = np.where(even, low - flips * span, low + span + flips * span).astype(x.data.dtype)
    return distance * make(sign) + make(offset)


def _placed(x: Any, n: int, padding: str, corners: bool) -> Any:
    """Coordinates in elements, brought inside as the padding mode wants."""
    if padding == "reflection":
        x = _reflected(x, 0, 2 * (n - 1)) if corners else _reflected(x, -1, 2 * n - 1)
    if padding == "zeros":
        return x
    # on the border itself the gradient is that of what lies outside, 0
    inside = (x.data > 0) & (x.data < n - 1)
    return T.where(make(inside), x, make(np.clip(x.data, 0, n - 1)))


def _picked(flat: Any, places: list[Any], size: Any) -> Any:
    """Elements of (batch, channels, positions) at integer coordinates, 0 where they lie outside."""
    n, channels = flat.data.shape[:2]
    inside: Any = True
    index: Any = 0
    for place, extent in zip(places, size, strict=True):
        inside = inside & (place >= 0) & (place < extent)
        index = index * extent + np.clip(place, 0, extent - 1)
    index = index.reshape(n, 1, math.prod(index.shape[1:])).astype(np.int64)
    values = T.gather(flat, 2, make(alloc.ascontiguousarray(np.broadcast_to(index, (n, channels, index.shape[2])))))
    inside = inside.reshape(n, 1, math.prod(inside.shape[1:]))
    return values if inside.all() else values * make(inside.astype(flat.data.dtype))


def _cubic_weights(x: Any) -> list[Any]:
    a = -0.75

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(x + 1), near(x), near(1 - x), far(2 - x)]


def _sampled(input: Any, grid: Any, mode: str, padding: str, corners: bool) -> Any:
    """The sum over the elements around each place; `grid` counts its coordinates from the last dim of `input`."""
    shape = input.data.shape
    size = shape[2:]
    dims = len(size)
    n = shape[0]
    out = grid.data.shape[1:-1]
    count = math.prod(out)
    flat = T.reshape(input, n, shape[1], math.prod(size))
    coordinates = []
    for axis, extent in enumerate(size):
        x = T.reshape(T.select(grid, -1, dims - 1 - axis), n, count)
        coordinates.append((x + 1) * ((extent - 1) / 2) if corners else ((x + 1) * extent - 1) / 2)
    if mode != "bicubic":
        coordinates = [_placed(x, m, padding, corners) for x, m in zip(coordinates, size, strict=True)]
    total: Any = None
    if mode == "nearest":
        total = _picked(flat, [np.rint(x.data) for x in coordinates], size)
        if grid.requires:
            # the gradient of the grid is there, and 0
            total = total + T.unsqueeze(sum(x * 0 for x in coordinates), 1)
        return T.reshape(total, n, shape[1], *out)
    lows = [np.floor(x.data) for x in coordinates]
    parts = [x - make(low) for x, low in zip(coordinates, lows, strict=True)]
    if mode == "bicubic":
        weights = [_cubic_weights(part) for part in parts]
        offsets = range(-1, 3)
    else:
        weights = [[1 - part, part] for part in parts]
        offsets = range(2)
    for corner in product(range(len(offsets)), repeat=dims):
        places = [low + offsets[c] for low, c in zip(lows, corner, strict=True)]
        if mode == "bicubic":
            places = [_placed(make(p), m, padding, corners).data for p, m in zip(places, size, strict=True)]
        weight = weights[0][corner[0]]
        for axis in range(1, dims):
            weight = weight * weights[axis][corner[axis]]
        part = _picked(flat, places, size) * T.unsqueeze(weight, 1)
        total = part if total is None else total + part
    return T.reshape(total, n, shape[1], *out)


def _grid(*shape: int) -> t:
    # away from the element borders, where the gradient jumps
    rng = np.random.default_rng(3)
    return t(values=rng.choice([-1.25, -0.6, -0.2, 0.15, 0.45, 0.8], shape))


_sampled2d = composite(
    "grid_sampled2d(input, grid, mode, padding, corners)",
    rename="GridSampler2DBackward0",
    private=True,
    looped="it reads where the grid points to",
)(_sampled)
_sampled3d = composite(
    "grid_sampled3d(input, grid, mode, padding, corners)",
    rename="GridSampler3DBackward0",
    private=True,
    looped="it reads where the grid points to",
)(_sampled)


@composite(
    "grid_sample(input, grid, mode='bilinear', padding_mode='zeros', align_corners=None)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(1, 1, 2, 3), _grid(1, 1, 2, 2), align_corners=False),
        call(t(1, 1, 3, 2), _grid(1, 2, 1, 2), align_corners=True),
        call(t(1, 1, 2, 3), _grid(1, 1, 2, 2), "nearest", align_corners=True),
        call(t(1, 1, 3, 3), _grid(1, 1, 2, 2), "bicubic", align_corners=False),
        call(t(1, 1, 2, 3), _grid(1, 2, 1, 2), padding_mode="border", align_corners=False),
        call(t(1, 1, 2, 3), _grid(1, 2, 1, 2), padding_mode="reflection", align_corners=False),
        call(t(1, 1, 2, 2, 2), _grid(1, 1, 1, 2, 3), align_corners=False),
    ],
    formula="input: g times the weights of bilinear interpolation; grid: g times differences of neighbouring elements",
    kinks="at the elements themselves the gradient of the grid is that of the interval behind them",
    example="grid_sample(ones(1, 1, 2, 2), zeros(1, 1, 1, 2), align_corners=false)",
)
def grid_sample(input: Any, grid: Any, mode: Any, padding_mode: Any, align_corners: Any) -> Any:
    """`input` at the places of `grid`, whose last dim is (x, y) or (x, y, z) from -1 to 1."""
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError_(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError_(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        context.warn(DEFAULT_CORNERS)
        align_corners = False
    if input.data.dtype.kind != "f":
        kernel = "grid_sampler3d_cpu" if input.data.ndim == 5 else "grid_sampler_2d_cpu_kernel_impl"
        raise not_implemented(kernel, input.data.dtype)
    x, y = input.data.shape, grid.data.shape
    if x[:1] != y[:1]:
        raise ShapeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(x)} and grid with sizes {list(y)}"
        )
    if y[-1] != len(x) - 2:
        raise ShapeError(
            f"grid_sampler(): expected grid to have size {len(x) - 2} in last dimension, but got grid with sizes "
            f"{list(y)}"
        )
    if 0 in x[2:]:
        raise ShapeError(
            f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {list(x)} with "
            f"dimension {x.index(0, 2)} being empty"
        )
    if len(x) not in (4, 5) or len(x) != len(y):
        raise ShapeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
            f"{list(x)} and grid with sizes {list(y)}"
        )
    if mode == "bicubic" and len(x) == 5:
        raise ShapeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if input.data.dtype != grid.data.dtype:
        raise DtypeError(
            "grid_sampler(): expected input and grid to have same dtype, but input has "
            f"{OF[input.data.dtype].c_name} and grid has {OF[grid.data.dtype].c_name}"
        )
    return (T.grid_sampled2d if len(x) == 4 else T.grid_sampled3d)(input, grid, mode, padding_mode, bool(align_corners))


@composite("affine_places(theta, size, corners)", rename="AffineGridGeneratorBackward0", private=True)
def affine_places(theta: Any, size: Any, corners: Any) -> Any:
    """The base grid times the matrices."""
    from gradsh.engine.ops.create.creation import even  # above, it would come before its place in the reference

    spatial = size[2:]
    dims = len(spatial)
    dtype = theta.data.dtype
    base = alloc.ones((*spatial, dims + 1), dtype)
    for axis, n in enumerate(spatial):
        line = even(-1, 1, n, dtype) if n > 1 else alloc.zeros(n, dtype)
        if not corners and n > 1:
            line = line * dtype.type(n - 1) / dtype.type(n)
        base[..., dims - 1 - axis] = line.reshape((-1, *(1,) * (dims - 1 - axis)))
    flat = np.broadcast_to(base.reshape(1, -1, dims + 1), (theta.data.shape[0], math.prod(spatial), dims + 1))
    places = T.bmm(make(alloc.ascontiguousarray(flat)), T.transpose(theta, 1, 2))
    return T.reshape(places, size[0], *spatial, dims)


@composite(
    "affine_grid(theta, size, align_corners=None)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(1, 2, 3), (1, 1, 2, 2), align_corners=False),
        call(t(1, 2, 3), (1, 1, 2, 1), align_corners=True),
        call(t(1, 3, 4), (1, 1, 1, 2, 2), align_corners=False),
    ],
    formula="g times the base grid, summed over the places",
    example="affine_grid(tensor([[[1., 0., 0.], [0., 1., 0.]]]), (1, 1, 2, 2), align_corners=false)",
)
def affine_grid(theta: Any, size: Any, align_corners: Any) -> Any:
    """The grid for grid_sample that shows an image moved by the affine matrices `theta`."""
    if align_corners is None:
        context.warn(DEFAULT_CORNERS)
        align_corners = False
    if theta.data.dtype.kind != "f":
        raise ValueError_(f"Expected theta to have floating point type, but got torch.{OF[theta.data.dtype].name}")
    sizes = int_tuple("affine_grid", "size", 2, size)
    dims = len(sizes) - 2
    if dims not in (2, 3):
        raise ShapeError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{size if size.__class__ is tuple else sizes}.",
            kind="NotImplementedError",
        )
    if theta.data.ndim != 3 or theta.data.shape[1:] != (dims, dims + 1):
        raise ValueError_(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {sizes}. "
            f"Got {size_text(theta)}."
        )
    if align_corners and min(sizes[2:]) == 1:
        context.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. "
            "This is not "
            "an intended use case of affine_grid. See the documentation of affine_grid for details."
        )
    elif min(sizes) <= 0:
        raise ValueError_(f"Expected non-zero, positive output size. Got {sizes}")
    if theta.data.dtype.itemsize == 2 and min(sizes[2:]) <= 1:  # where PyTorch makes a tensor of one number
        raise not_implemented("tensor_cpu", theta.data.dtype)
    return T.affine_places(theta, sizes, bool(align_corners))
