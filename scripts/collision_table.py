"""A synthetic collision-avoidance table: the score of five advisories, from simulated encounters of two aircraft in a plane.

State, each number scaled to about one: X_0 distance to the intruder in units of 5 km; X_1 bearing of the intruder seen from
the own heading, in half turns, positive to the left; X_2 heading of the intruder relative to the own one, in half turns,
positive to the left; X_3 own speed and X_4 intruder's speed in units of 100 m/s.

Advisories: Y_0 clear of conflict, Y_1 weak left, Y_2 weak right, Y_3 strong left, Y_4 strong right. A low score is good: the
score is the risk (high if the aircraft come close within 40 s) plus the cost of the manoeuvre.

Needs: pip install numpy
"""

import numpy

TURN_RATES = numpy.radians([0.0, 3.0, -3.0, 6.0, -6.0])
COSTS = numpy.array([0.0, 0.1, 0.1, 0.2, 0.2])
SECONDS = numpy.arange(0, 41, 1.0)


def training_states(count, generator):
    """Half of the states spread evenly, half of them close encounters if nothing is done."""
    states = random_states(8 * count, generator)
    close = states[scores(states)[:, 0] > 0.7]
    return numpy.concatenate([states[: count // 2], close[: count - count // 2]])


def random_states(count, generator):
    """States spread evenly, distances more often small."""
    distance = generator.uniform(0, 1, count) ** 1.5
    bearing = generator.uniform(-1, 1, count)
    heading = generator.uniform(-1, 1, count)
    speeds = generator.uniform(0.3, 1, (count, 2))
    return numpy.column_stack([distance, bearing, heading, speeds])


def scores(states):
    """The five scores of every state."""
    distance, bearing, heading = states[:, 0] * 5000, states[:, 1] * numpy.pi, states[:, 2] * numpy.pi
    own_speed, other_speed = states[:, 3] * 100, states[:, 4] * 100
    other_x = distance[:, None] * numpy.cos(bearing)[:, None] + (other_speed * numpy.cos(heading))[:, None] * SECONDS
    other_y = distance[:, None] * numpy.sin(bearing)[:, None] + (other_speed * numpy.sin(heading))[:, None] * SECONDS
    columns = []
    for rate, cost in zip(TURN_RATES, COSTS):
        ahead, left = turning(rate)
        x, y = own_speed[:, None] * ahead, own_speed[:, None] * left
        separation = numpy.sqrt((other_x - x) ** 2 + (other_y - y) ** 2).min(axis=1)
        columns.append(2 * numpy.exp(-separation / 700) + cost)
    return numpy.column_stack(columns)


def turning(rate):
    """How far ahead and to the left one gets at unit speed with a constant turn rate."""
    if rate == 0:
        return SECONDS, numpy.zeros_like(SECONDS)
    return numpy.sin(rate * SECONDS) / rate, (1 - numpy.cos(rate * SECONDS)) / rate
