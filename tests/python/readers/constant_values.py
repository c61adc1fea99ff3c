"""What operators on constants compute, by their definition, and their bounds of magnitudes."""

import math
from fractions import Fraction

import numpy as np


def each(function, array):
    """The function of every element, as an array of the same kind."""
    result = np.empty(array.shape, dtype=array.dtype)
    for place, value in np.ndenumerate(array):
        result[place] = function(value)
    return result


def remainder(x, y, attributes):
    return np.fmod(x, y) if attributes.get("fmod") else np.mod(x, y)


def root(x, dtype):
    """The root correctly rounded to the type, which numpy's is."""
    return each(lambda value: type(value)(float(np.sqrt(dtype(float(value))))), x)


def whole(operator, x, magnitude):
    """Of magnitudes the larger whole number bounds both."""
    rounded = math.floor if operator == "Floor" and not magnitude else math.ceil
    return each(lambda value: type(value)(rounded(value)), x)


def power(x, exponents):
    base, exponents = np.broadcast_arrays(x, exponents)
    result = np.empty(base.shape, dtype=base.dtype)
    for place, value in np.ndenumerate(base):
        exponent = int(exponents[place])
        result[place] = value if exponent == 1 else value**exponent
    return result


def quantize(inputs, attributes, magnitude):
    """x/scale rounded to FLOAT, then to the nearest integer, ties to even, plus the zero point, within its type."""
    x, scale, zero = inputs
    shape = [1] * x.ndim
    if scale.ndim:
        shape[attributes.get("axis", 1)] = -1
    scale, offset = scale.reshape(shape), zero.astype(int).reshape(shape)
    if magnitude:
        # No level is farther from the zero point, whatever the sign of x; the type's ends are nearer.
        return np.ceil(x / scale + 1).astype(int) + offset
    quotients = np.asarray(x / scale, dtype=object)
    levels = np.array([round(Fraction(nearest_single(q))) for q in quotients.ravel()], dtype=int).reshape(x.shape)
    ends = np.iinfo(zero.dtype)
    return np.clip(levels + offset, ends.min, ends.max)


def nearest_single(number):
    """The FLOAT nearest to a fraction, found among the neighbours of a guess; ties go to the even one."""
    guess = np.float32(float(number))
    near = [guess, np.nextafter(guess, np.float32(np.inf)), np.nextafter(guess, np.float32(-np.inf))]
    distance = lambda value: abs(Fraction(float(value)) - number)
    return float(min(near, key=lambda value: (distance(value), int(value.view(np.int32)) & 1)))


def top(inputs, attributes, magnitude):
    """The largest or least values along an axis in order; as magnitudes the largest of all."""
    x, axis = inputs[0], attributes.get("axis", -1)
    count = int(inputs[1].flat[0]) if len(inputs) > 1 else attributes["k"]
    moved = np.moveaxis(x, axis, -1)
    if magnitude:
        chosen = np.repeat(np.max(moved, axis=-1, keepdims=True), count, axis=-1)
    else:
        ordered = np.sort(moved, axis=-1)
        chosen = (ordered[..., ::-1] if attributes.get("largest", 1) else ordered)[..., :count]
    return np.moveaxis(chosen, -1, axis)


def shrink(inputs, attributes, magnitude):
    x = inputs[0]
    if magnitude:
        return x
    by = each(lambda value: type(value)(float(np.float32(attributes["lambd"]))), x)
    return np.where(x > by, x - by, np.where(x < -by, x + by, 0 * x))


def scatter_elements(inputs, attributes, magnitude):
    x, indices, updates = inputs
    result, axis = x.copy(), attributes["axis"]
    for place, index in np.ndenumerate(indices):
        target = place[:axis] + (int(index),) + place[axis + 1 :]
        adds = attributes.get("reduction") == b"add"
        result[target] = result[target] + updates[place] if adds else updates[place]
    return result
