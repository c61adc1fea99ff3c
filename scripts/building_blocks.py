"""Networks put together from small exact pieces: absolute values, linear terms, tents, folds, and ways to go deeper.

A network is a list of layers (weights, bias) of Fractions, ReLU after every layer but the last. An affine form is a pair
(normal, constant). Needs only the standard library.
"""

from fractions import Fraction


def single_layer(dimension, neurons, constant=0):
    """The network sum of c * relu(form) + constant, from a list of (c, form)."""
    weights = [[Fraction(value) for value in normal] for _, (normal, _) in neurons]
    bias = [Fraction(offset) for _, (_, offset) in neurons]
    if not neurons:
        weights, bias, neurons = [[Fraction(0)] * dimension], [Fraction(0)], [(0, None)]
    return [(weights, bias), ([[Fraction(factor) for factor, _ in neurons]], [Fraction(constant)])]


def absolute(factor, form):
    """The neurons of factor * |form|."""
    return [(factor, form), (factor, negative(form))]


def linear(factor, form):
    """The neurons of factor * form, as [form]+ - [-form]+."""
    return [(factor, form), (-factor, negative(form))]


def tent(height, form):
    """The neurons of height * max(0, 1 - |form|)."""
    normal, constant = form
    return [(height, (normal, constant + 1)), (-2 * height, form), (height, (normal, constant - 1))]


def negative(form):
    """The form with the other sign."""
    return [-value for value in form[0]], -form[1]


def value_of(form, point):
    """The value of an affine form at a point."""
    return sum((factor * coordinate for factor, coordinate in zip(form[0], point)), Fraction(form[1]))


def beside(first, second):
    """Two networks of equal depth on the same input, their outputs one after the other."""
    layers = []
    for index, ((left, left_bias), (right, right_bias)) in enumerate(zip(first, second)):
        if index == 0:
            weights = left + right
        else:
            zeros_right, zeros_left = [Fraction(0)] * len(right[0]), [Fraction(0)] * len(left[0])
            weights = [row + zeros_right for row in left] + [zeros_left + row for row in right]
        layers.append((weights, left_bias + right_bias))
    return layers


def then(network, neurons, constant=0):
    """The network sum of c * relu(form of the outputs) + constant: one hidden layer more."""
    weights, bias = network[-1]
    new_weights, new_bias = [], []
    for _, (normal, offset) in neurons:
        new_weights.append(_combined_rows(normal, weights, len(weights[0])))
        new_bias.append(value_of((normal, offset), bias))
    return network[:-1] + [(new_weights, new_bias), ([[Fraction(factor) for factor, _ in neurons]], [Fraction(constant)])]


def _combined_rows(factors, rows, width):
    return [sum((factor * row[column] for factor, row in zip(factors, rows)), Fraction(0)) for column in range(width)]


def identity_layer(network):
    """The same function, one output carried through [z]+ - [-z]+."""
    return then(network, linear(1, ([1], 0)))


def bent(network, step, first, second):
    """-phi(-f) with phi(t) = first * [t]+ + second * [t - step]+: keeps f <= 0 and f = 0 where first > 0, first + second > 0."""
    return then(network, [(-first, ([-1], 0)), (-second, ([-1], -step))])


def cut_below(network, depth):
    """max(f, -depth): keeps a maximum of 0."""
    return then(network, [(1, ([1], depth))], -depth)


def smaller_of(first, second):
    """min(f, g) = f - [f - g]+."""
    return then(beside(first, second), linear(1, ([1, 0], 0)) + [(-1, ([1, -1], 0))])


def larger_of(first, second):
    """max(f, g) = f + [g - f]+."""
    return then(beside(first, second), linear(1, ([1, 0], 0)) + [(1, ([-1, 1], 0))])


def folded(dimension, forms, times):
    """The sum over the forms of fold(fold(...)), where fold rises from 0 at 0 to 1 at 1/3 and falls to 0 at 1; at most 1 each."""
    networks = []
    for normal, constant in forms:
        tripled = [3 * value for value in normal]
        network = single_layer(dimension, [(1, (tripled, 3 * constant)), (Fraction(-3, 2), (tripled, 3 * constant - 1))])
        for _ in range(times - 1):
            network = then(network, [(1, ([3], 0)), (Fraction(-3, 2), ([3], -1))])
        networks.append(network)
    total = networks[0]
    for network in networks[1:]:
        total = beside(total, network)
    return summed(total)


def summed(network, constant=0):
    """The sum of all outputs plus a constant."""
    weights, bias = network[-1]
    row = [sum(column, Fraction(0)) for column in zip(*weights)]
    return network[:-1] + [([row], [sum(bias, Fraction(constant))])]


def shifted(network, constant):
    """Output 0 plus a constant."""
    weights, bias = network[-1]
    return network[:-1] + [(weights, [bias[0] + constant] + bias[1:])]


def value(network, point):
    """The exact outputs at a point."""
    values = [Fraction(coordinate) for coordinate in point]
    for index, (weights, bias) in enumerate(network):
        values = [value_of((row, offset), values) for row, offset in zip(weights, bias)]
        if index + 1 < len(network):
            values = [max(entry, Fraction(0)) for entry in values]
    return values


def hidden_neurons(network):
    """How many ReLUs a network has."""
    return sum(len(bias) for _, bias in network[:-1])
