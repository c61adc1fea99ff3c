"""Rewrite a network so that its function stays exactly the same but its neurons look different.

Moves: permute neurons, scale them, split them into parallel copies, add pairs that cancel, add dead and constant neurons. Needs
only the standard library.
"""

from fractions import Fraction


def hidden(network, random, moves, scales=(Fraction(1, 4), Fraction(1, 2), 2, 4)):
    """A network with the same function, after some random moves and a last shuffle of every layer."""
    network = [([row[:] for row in weights], bias[:]) for weights, bias in network]
    choices = [scale_neuron, split_neuron, add_cancelling_pair, add_dead_neuron, add_constant_neuron]
    for _ in range(moves):
        random.choice(choices)(network, random.randrange(len(network) - 1), random, scales)
    for layer in range(len(network) - 1):
        permute(network, layer, random)
    return network


def permute(network, layer, random):
    """Shuffle the neurons of a layer."""
    weights, bias = network[layer]
    following, following_bias = network[layer + 1]
    order = list(range(len(bias)))
    random.shuffle(order)
    network[layer] = ([weights[index] for index in order], [bias[index] for index in order])
    network[layer + 1] = ([[row[index] for index in order] for row in following], following_bias)


def scale_neuron(network, layer, random, scales):
    """Multiply what enters a neuron and divide what leaves it."""
    weights, bias = network[layer]
    neuron, scale = random.randrange(len(bias)), Fraction(random.choice(scales))
    weights[neuron] = [value * scale for value in weights[neuron]]
    bias[neuron] *= scale
    for row in network[layer + 1][0]:
        row[neuron] /= scale


def split_neuron(network, layer, random, scales):
    """A parallel copy of a neuron takes over a part of what leaves it."""
    weights, bias = network[layer]
    neuron, scale = random.randrange(len(bias)), Fraction(random.choice(scales))
    weights.append([value * scale for value in weights[neuron]])
    bias.append(bias[neuron] * scale)
    for row in network[layer + 1][0]:
        part = Fraction(random.randint(-4, 4), 2)
        row[neuron] -= part
        row.append(part / scale)


def add_cancelling_pair(network, layer, random, scales):
    """Two parallel new neurons whose contributions cancel."""
    weights, bias = network[layer]
    scale = Fraction(random.choice(scales))
    incoming = [Fraction(random.randint(-2, 2)) for _ in weights[0]]
    offset = Fraction(random.randint(-2, 2))
    weights.extend([incoming, [value * scale for value in incoming]])
    bias.extend([offset, offset * scale])
    for row in network[layer + 1][0]:
        part = Fraction(random.randint(-3, 3))
        row.extend([part, -part / scale])


def add_dead_neuron(network, layer, random, scales):
    """A neuron with zero weights and a bias of at most 0."""
    weights, bias = network[layer]
    weights.append([Fraction(0)] * len(weights[0]))
    bias.append(Fraction(random.choice([0, 0, -1])))
    for row in network[layer + 1][0]:
        row.append(Fraction(random.randint(-3, 3)))


def add_constant_neuron(network, layer, random, scales):
    """A neuron with zero weights and a positive bias, taken off the next layer's bias again."""
    weights, bias = network[layer]
    offset = Fraction(random.randint(1, 3))
    weights.append([Fraction(0)] * len(weights[0]))
    bias.append(offset)
    following, following_bias = network[layer + 1]
    for index, row in enumerate(following):
        part = Fraction(random.randint(-3, 3))
        row.append(part)
        following_bias[index] -= part * offset
