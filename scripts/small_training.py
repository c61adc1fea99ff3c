"""Train a small ReLU network by Adam in plain numpy, then round its weights to a dyadic grid. Seeded.

The weights end as multiples of a power of two, so they are exact in float32 and print as short decimals. On another machine the
matrix products may sum in another order, and training may end at a slightly different network. Needs: pip install numpy
"""

import numpy


def train(sizes, inputs, targets, steps, seed, grid=128, batch=256, rate=0.01):
    """Weights and biases of a network with the given layer sizes, fitted by least squares."""
    generator = numpy.random.default_rng(seed)
    parameters = []
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        parameters.append(generator.normal(0, numpy.sqrt(2 / fan_in), (fan_out, fan_in)))
        parameters.append(generator.uniform(-0.5, 0.5, fan_out))
    means = [numpy.zeros_like(values) for values in parameters]
    squares = [numpy.zeros_like(values) for values in parameters]
    for step in range(1, steps + 1):
        chosen = generator.integers(0, len(inputs), batch)
        gradients = _gradients(parameters, inputs[chosen], targets[chosen])
        present_rate = rate * 0.5 * (1 + numpy.cos(numpy.pi * step / steps))
        for index, gradient in enumerate(gradients):
            means[index] = 0.9 * means[index] + 0.1 * gradient
            squares[index] = 0.999 * squares[index] + 0.001 * gradient ** 2
            change = (means[index] / (1 - 0.9 ** step)) / (numpy.sqrt(squares[index] / (1 - 0.999 ** step)) + 1e-8)
            parameters[index] = parameters[index] - present_rate * change
    rounded = [(numpy.round(values * grid) / grid).astype(numpy.float32) for values in parameters]
    return rounded[0::2], rounded[1::2]


def predict(weights, biases, inputs):
    """The outputs of the network, in floats."""
    values = inputs
    for index, (matrix, bias) in enumerate(zip(weights, biases)):
        values = values @ matrix.T + bias
        if index + 1 < len(weights):
            values = numpy.maximum(values, 0)
    return values


def _gradients(parameters, inputs, targets):
    """Gradients of the mean squared error."""
    weights, biases = parameters[0::2], parameters[1::2]
    values = [inputs]
    for index, (matrix, bias) in enumerate(zip(weights, biases)):
        total = values[-1] @ matrix.T + bias
        values.append(numpy.maximum(total, 0) if index + 1 < len(weights) else total)
    error = 2 * (values[-1] - targets) / len(inputs)
    gradients = []
    for index in range(len(weights) - 1, -1, -1):
        gradients = [error.T @ values[index], error.sum(axis=0)] + gradients
        error = (error @ weights[index]) * (values[index] > 0)
    return gradients
