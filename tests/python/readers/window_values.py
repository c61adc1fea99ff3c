"""What operators with sliding windows compute, by their definition, element by element."""

import itertools
from fractions import Fraction

import numpy as np


def padding(attributes, spatial, kernel, strides, dilations):
    """Pads at the beginnings, then at the ends."""
    rank = len(spatial)
    mode = attributes.get("auto_pad", b"NOTSET")
    if mode in (b"NOTSET", b"VALID"):
        return list(attributes.get("pads", [0] * 2 * rank)) if mode == b"NOTSET" else [0] * 2 * rank
    begins, ends = [], []
    for size, length, stride, dilation in zip(spatial, kernel, strides, dilations):
        needed = max(0, (-(-size // stride) - 1) * stride + (length - 1) * dilation + 1 - size)
        less, more = needed // 2, needed - needed // 2
        begins.append(less if mode == b"SAME_UPPER" else more)
        ends.append(more if mode == b"SAME_UPPER" else less)
    return begins + ends


def window_lists(attributes, spatial, kernel):
    """Windows along each axis: for each its positions, None in the padding; what rounding up adds is left out."""
    rank = len(spatial)
    strides = attributes.get("strides", [1] * rank)
    dilations = attributes.get("dilations", [1] * rank)
    pads = padding(attributes, spatial, kernel, strides, dilations)
    lists = []
    for axis in range(rank):
        begin, end, size = pads[axis], pads[rank + axis], spatial[axis]
        room = begin + size + end - (kernel[axis] - 1) * dilations[axis] - 1
        count = (-(-room // strides[axis]) if attributes.get("ceil_mode") else room // strides[axis]) + 1
        windows = []
        for start in range(-begin, -begin + count * strides[axis], strides[axis]):
            if start < size or not attributes.get("ceil_mode"):
                positions = [start + tap * dilations[axis] for tap in range(kernel[axis])]
                windows.append([p if 0 <= p < size else (None if p < size + end else "beyond") for p in positions])
        lists.append(windows)
    return lists


def convolution(x, w, attributes):
    groups = attributes.get("group", 1)
    lists = window_lists(attributes, x.shape[2:], w.shape[2:])
    counts = [len(windows) for windows in lists]
    result = np.zeros((x.shape[0], w.shape[0]) + tuple(counts), dtype=x.dtype) + 0 * x.flat[0]
    outputs, inputs = w.shape[0] // groups, w.shape[1]
    for item, channel in itertools.product(range(x.shape[0]), range(w.shape[0])):
        group = channel // outputs
        for place in itertools.product(*map(range, counts)):
            total = 0 * x.flat[0]
            windows = [lists[axis][index] for axis, index in enumerate(place)]
            for tap in itertools.product(*(range(length) for length in w.shape[2:])):
                source = tuple(window[index] for window, index in zip(windows, tap))
                if any(not isinstance(position, int) for position in source):
                    continue
                for inner in range(inputs):
                    total = total + w[(channel, inner) + tap] * x[(item, group * inputs + inner) + source]
            result[(item, channel) + place] = total
    return result


def transposed_convolution(x, w, attributes):
    """Adds every element's product with the kernel where it belongs, then cuts the pads off."""
    rank = x.ndim - 2
    groups = attributes.get("group", 1)
    strides, dilations = attributes.get("strides", [1] * rank), attributes.get("dilations", [1] * rank)
    extra, pads = attributes.get("output_padding", [0] * rank), attributes.get("pads", [0] * 2 * rank)
    full = [
        (x.shape[2 + i] - 1) * strides[i] + (w.shape[2 + i] - 1) * dilations[i] + 1 + extra[i] for i in range(rank)
    ]
    if "output_shape" in attributes:
        totals = [size - wanted for size, wanted in zip(full, attributes["output_shape"])]
        less, more = [total // 2 for total in totals], [total - total // 2 for total in totals]
        pads = less + more if attributes.get("auto_pad") == b"SAME_UPPER" else more + less
    inputs, outputs = w.shape[0] // groups, w.shape[1]
    result = np.zeros((x.shape[0], outputs * groups) + tuple(full), dtype=x.dtype) + 0 * x.flat[0]
    for item, channel, output in itertools.product(range(x.shape[0]), range(w.shape[0]), range(outputs)):
        target = channel // inputs * outputs + output
        for source in itertools.product(*map(range, x.shape[2:])):
            for tap in itertools.product(*map(range, w.shape[2:])):
                place = tuple(s * strides[i] + t * dilations[i] for i, (s, t) in enumerate(zip(source, tap)))
                product = x[(item, channel) + source] * w[(channel, output) + tap]
                result[(item, target) + place] = result[(item, target) + place] + product
    cut = tuple(slice(pads[i], full[i] - pads[rank + i]) for i in range(rank))
    return result[(slice(None), slice(None)) + cut]


def pool(x, attributes, is_mean):
    kernel = attributes["kernel_shape"]
    lists = window_lists(attributes, x.shape[2:], kernel)
    counts = [len(windows) for windows in lists]
    result = np.zeros(x.shape[:2] + tuple(counts), dtype=x.dtype)
    for place in itertools.product(*map(range, counts)):
        windows = [lists[axis][index] for axis, index in enumerate(place)]
        sources = list(itertools.product(*windows))
        inside = [source for source in sources if all(isinstance(p, int) for p in source)]
        values = [x[(slice(None), slice(None)) + source] for source in inside]
        if is_mean:
            padded = sum("beyond" not in source for source in sources)
            count = padded if attributes.get("count_include_pad") else len(inside)
            result[(slice(None), slice(None)) + place] = sum(values[1:], values[0]) * (one(x) / count)
        else:
            result[(slice(None), slice(None)) + place] = np.maximum.reduce(values)
    return result


def one(x):
    return Fraction(1) if x.dtype == object else 1.0


def resize(x, attributes, scales, sizes, version, magnitude):
    mode = attributes.get("mode", b"nearest")
    rules = {}
    for axis, size in enumerate(x.shape):
        length = sizes[axis] if sizes is not None else int(size * Fraction(float(scales[axis])))
        scale = Fraction(length, size) if sizes is not None else Fraction(float(scales[axis]))
        positions = [position(attributes, version, size, length, scale, index) for index in range(length)]
        if mode == b"nearest":
            rounding = attributes.get("nearest_mode", b"round_prefer_floor") if version >= 11 else b"floor"
            rules[axis] = [{nearest(rounding, place, size): Fraction(1)} for place in positions]
        elif length == size and scale == 1:
            rules[axis] = [{index: Fraction(1)} for index in range(size)]
        elif mode == b"cubic":
            parameter = Fraction(float(np.float32(attributes.get("cubic_coeff_a", -0.75))))
            rules[axis] = [cubic(place, size, parameter) for place in positions]
        else:
            rules[axis] = [linear(place, size) for place in positions]
    return weighted(x, rules, magnitude)


def position(attributes, version, size, length, scale, index):
    """Where element `index` of the result lies along an axis, as ONNX defines it."""
    half = Fraction(1, 2)
    mode = attributes.get("coordinate_transformation_mode", b"half_pixel") if version >= 11 else b"asymmetric"
    if mode == b"asymmetric":
        return index / scale
    if mode == b"align_corners":
        return Fraction(index * (size - 1), length - 1) if length > 1 else Fraction(0)
    if mode == b"pytorch_half_pixel" and length == 1:
        return Fraction(0)
    centred = (index + half) / scale - half
    if mode == b"half_pixel_symmetric":
        return centred + half * size * (1 - length / (scale * size))
    return centred


def nearest(rounding, place, size):
    found = {
        b"floor": place.__floor__,
        b"ceil": place.__ceil__,
        b"round_prefer_floor": (place - Fraction(1, 2)).__ceil__,
        b"round_prefer_ceil": (place + Fraction(1, 2)).__floor__,
    }[rounding]()
    return min(max(found, 0), size - 1)


def linear(place, size):
    """The weights of the two neighbours of a place."""
    place = min(max(place, Fraction(0)), Fraction(size - 1))
    low = int(place)
    return {low: 1 - (place - low)} | ({low + 1: place - low} if place > low else {})


def cubic(place, size, a):
    """The weights of the four elements around a place; beyond the ends is as at them."""
    weights = {}
    for source in range(place.__floor__() - 1, place.__floor__() + 3):
        d = abs(place - source)
        inner = (a + 2) * d**3 - (a + 3) * d**2 + 1
        weight = inner if d <= 1 else a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
        index = min(max(source, 0), size - 1)
        weights.setdefault(index, []).append(weight)
    return {index: sum(parts) for index, parts in weights.items()}


def weighted(x, rules, magnitude):
    """Along each axis sums of elements with weights; as bounds with what the weights are at most, and their errors."""
    for axis, along in rules.items():
        kind = (lambda number: number) if x.dtype == object else float
        if magnitude:
            kind = lambda number: float(abs(number)) + (number not in (0, 1)) * 4.0
        slices = [sum(np.take(x, index, axis) * kind(weight) for index, weight in row.items()) for row in along]
        x = np.stack(slices, axis=axis)
    return x


def depth_to_space(x, block, mode):
    batch, channels, height, width = x.shape
    depth = channels // block**2
    if mode == b"CRD":
        split = x.reshape(batch, depth, block, block, height, width).transpose(0, 1, 4, 2, 5, 3)
    else:
        split = x.reshape(batch, block, block, depth, height, width).transpose(0, 3, 4, 1, 5, 2)
    return split.reshape(batch, depth, height * block, width * block)


def space_to_depth(x, block):
    batch, channels, height, width = x.shape
    split = x.reshape(batch, channels, height // block, block, width // block, block).transpose(0, 3, 5, 1, 2, 4)
    return split.reshape(batch, channels * block**2, height // block, width // block)
