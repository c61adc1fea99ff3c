"""What piecewise-linear operators and those on constants compute, by their definition in numpy."""

from fractions import Fraction

import numpy as np
from onnx import helper

from .window_values import one


def of_float(value, like):
    """A float attribute as a number of the tensor's kind."""
    number = Fraction(float(np.float32(value)))
    return number if like.dtype == object else float(number)


def positive(x):
    return np.where(x > 0, x, x * 0)


def sloped(x, slope, magnitude):
    """x where it is positive, else slope·x; as a bound of magnitudes the larger one."""
    if magnitude:
        return np.maximum(x, x * abs(slope))
    return np.where(x > 0, x, x * slope)


def clipped(x, low, high, magnitude):
    if magnitude:
        bounds = [abs(bound) for bound in (low, high) if bound is not None]
        return np.maximum.reduce([x] + [x * 0 + bound for bound in bounds])
    x = x if low is None else np.where(x > low, x, low + x * 0)
    return x if high is None else np.where(x < high, x, high + x * 0)


def clip(inputs, attributes, magnitude):
    x = inputs[0]
    bounds = [of_float(attributes[key], x) if key in attributes else None for key in ("min", "max")]
    for index in (1, 2):
        if len(inputs) > index and inputs[index] is not None:
            bounds[index - 1] = inputs[index].flat[0]
    return clipped(x, bounds[0], bounds[1], magnitude)


def hard_sigmoid(x, attributes, magnitude):
    alpha, beta = of_float(attributes.get("alpha", 0.2), x), of_float(attributes.get("beta", 0.5), x)
    return clipped(x * alpha + beta, 0 * alpha, alpha / alpha, magnitude)


def several(operator, inputs, magnitude):
    if operator == "Mean":
        return sum(inputs[1:], inputs[0]) * (one(inputs[0]) / len(inputs))
    choose = np.minimum if operator == "Min" and not magnitude else np.maximum
    result = inputs[0]
    for other in inputs[1:]:
        result = choose(result, other)
    return result


def reduce(operator, x, axes, attributes, magnitude):
    axes = tuple(axis % x.ndim for axis in axes) if axes else tuple(range(x.ndim))
    keeps = bool(attributes.get("keepdims", 1))
    if operator == "ReduceMax" or operator == "ReduceMin" and magnitude:
        return np.max(x, axis=axes, keepdims=keeps)
    if operator == "ReduceMin":
        return np.min(x, axis=axes, keepdims=keeps)
    if operator == "ReduceProd":
        return np.prod(x, axis=axes, keepdims=keeps)
    total = np.sum(np.abs(x) if operator == "ReduceL1" else x, axis=axes, keepdims=keeps)
    count = int(np.prod([x.shape[axis] for axis in axes]))
    return total * (one(x) / count) if operator == "ReduceMean" else total


def pad(x, pads, mode, value):
    rank = x.ndim
    cut = tuple(slice(max(0, -pads[i]), x.shape[i] - max(0, -pads[rank + i])) for i in range(rank))
    widths = [(max(0, pads[i]), max(0, pads[rank + i])) for i in range(rank)]
    options = {"constant_values": value} if mode == "constant" else {}
    return np.pad(x[cut], widths, mode=mode, **options)


def compare(operator, x, y):
    return {
        "Greater": np.greater, "GreaterOrEqual": np.greater_equal, "Less": np.less, "LessOrEqual": np.less_equal,
        "Equal": np.equal,
    }[operator](x, y).astype(bool)


def cast(x, target, exact, magnitude):
    kind = helper.tensor_dtype_to_np_dtype(target)
    if np.dtype(kind).kind != "f":
        return x.astype(kind)
    if x.dtype == object or x.dtype.kind == "f":
        return x
    numbers = exact(x.astype(float))
    return np.abs(numbers) if magnitude else numbers


def einsum(equation, operands):
    """By numpy's rules, term by term: numpy's own einsum knows no fractions."""
    left, right = equation.split("->")
    terms = left.split(",")
    letters = []
    for term, operand in zip(terms, operands):
        dots = [chr(ord("A") + i) for i in range(operand.ndim - len(term.replace("...", "")))]
        letters.append(list(term.replace("...", "".join(dots))))
    right = list(right.replace("...", "".join(dots)))
    sizes = {letter: size for term, operand in zip(letters, operands) for letter, size in zip(term, operand.shape)}
    summed = [letter for letter in sizes if letter not in right]
    result = np.zeros([sizes[letter] for letter in right], dtype=operands[0].dtype)
    for place in np.ndindex(*[sizes[letter] for letter in right]):
        total = 0
        for inner in np.ndindex(*[sizes[letter] for letter in summed]):
            index = dict(zip(right, place)) | dict(zip(summed, inner))
            product = 1
            for term, operand in zip(letters, operands):
                product = product * operand[tuple(index[letter] for letter in term)]
            total = total + product
        result[place] = total
    return result


def dequantize(inputs, attributes):
    x, scale = inputs[0], inputs[1]
    zero = inputs[2] if len(inputs) > 2 else np.zeros(scale.shape, dtype=x.dtype)
    shape = [1] * x.ndim
    if scale.ndim:
        shape[attributes.get("axis", 1)] = -1
    levels = x.astype(int) - zero.astype(int).reshape(shape)
    return levels.astype(object) * scale.reshape(shape) if scale.dtype == object else levels * scale.reshape(shape)


def gather_nd(inputs, attributes):
    x, indices = inputs
    return np.array([x[tuple(row)] for row in indices], dtype=x.dtype)


def scatter_nd(inputs, attributes):
    result = inputs[0].copy()
    for row, update in zip(inputs[1], inputs[2]):
        place = tuple(row)
        result[place] = result[place] + update if attributes.get("reduction") == b"add" else update
    return result


def running_sum(inputs, attributes):
    x, axis = inputs[0], int(inputs[1])
    step = -1 if attributes.get("reverse") else 1
    moved = np.moveaxis(x, axis, 0)[::step]
    total = np.cumsum(moved, axis=0)
    if attributes.get("exclusive"):
        total = np.concatenate([0 * moved[:1], total[:-1]])
    return np.moveaxis(total[::step], 0, axis)


def triangle(inputs, attributes):
    x = inputs[0]
    choose = np.triu if attributes.get("upper", 1) else np.tril
    kept = choose(np.ones(x.shape[-2:], dtype=bool), int(inputs[1]))
    return np.where(kept, x, 0 * x)


CHOICES = {
    "GatherElements": lambda inputs, attributes: np.take_along_axis(*inputs, axis=attributes["axis"]),
    "GatherND": gather_nd,
    "ScatterND": scatter_nd,
    "CumSum": running_sum,
    "Trilu": triangle,
    "ArrayFeatureExtractor": lambda inputs, attributes: inputs[0][:, np.ravel(inputs[1])],
}
