"""Piecewise-linear functions as layers of ReLUs, arranged as foldline arranges them: certificates number the neurons so.

Written from what docs/formats.md says, independently of foldline's own code. Numbers are fractions.
"""

from exact_statement import CONSTANT, Affine, Network, variables

INPUT, NEURON, KEPT = "input", "neuron", "kept"
ALWAYS_MERGED = 256

class Program:
    """Variables in order of definition: inputs, neurons max(0, definition), and affine values that are kept as they are."""
    def __init__(self, inputs):
        self.inputs = inputs
        self.kinds, self.stages, self.definitions = [INPUT] * inputs, [(0, 0)] * inputs, [None] * inputs

    def define(self, functions, kind, stage):
        first = len(self.kinds)
        self.kinds += [kind] * len(functions)
        self.stages += [stage] * len(functions)
        self.definitions += functions
        return variables(len(functions), first)

    def stage_of(self, functions):
        """How many ReLU layers, and linear ones after them, come before what the functions need."""
        return max((self.stages[variable] for function in functions for variable, _ in function.terms()), default=(0, 0))

    def relu(self, functions):
        return self.define(functions, NEURON, (self.stage_of(functions)[0] + 1, 0))

    def keep(self, functions):
        relus, linear = self.stage_of(functions)
        return self.define(functions, KEPT, (relus, linear + 1))

    def is_nonnegative(self, function, sign=1):
        """Whether sign * function is a sum of neurons and constants with factors >= 0."""
        return sign * function.constant() >= 0 and all(
            sign * factor > 0 and self.kinds[variable] == NEURON for variable, factor in function.terms())

    def positive_parts(self, functions):
        """max(0, function): a neuron each, unless the sign is known."""
        known = [function if self.is_nonnegative(function) else Affine() if self.is_nonnegative(function, -1) else None
                 for function in functions]
        neurons = iter(self.relu([function for function, part in zip(functions, known) if part is None]))
        return [next(neurons) if part is None else part for part in known]

    def maxima(self, groups):
        """The largest function of each group, in rounds of pairs."""
        while any(len(group) > 1 for group in groups):
            winners = iter(self.larger([pair for group in groups for pair in zip(group[::2], group[1::2])]))
            groups = [[next(winners) for _ in range(len(group) // 2)] + group[len(group) & ~1:] for group in groups]
        return [group[0] for group in groups]

    def is_cheap(self, function):
        terms = function.terms()
        return not terms or len(terms) == 1 and self.kinds[terms[0][0]] == NEURON

    def larger(self, pairs):
        """max(a, b) = b + max(0, a - b) of each pair; b is what is cheap to carry past the new neurons."""
        differences, bases = [], []
        for a, b in pairs:
            other, base = (b, a) if self.is_cheap(a) and not self.is_cheap(b) else (a, b)
            larger = self.is_nonnegative(other - base)
            differences.append(Affine() if larger else other - base)
            bases.append(other if larger else base)
        excesses = self.positive_parts(differences)
        split = [not self.is_cheap(base) and bool(excess.terms()) for base, excess in zip(bases, excesses)]
        chosen = [base for base, is_split in zip(bases, split) if is_split]
        carried = {variable for base in chosen for variable, _ in base.terms()}
        if sum(1 if self.kinds[variable] == NEURON else 2 for variable in carried) > 2 * len(chosen):
            parts = self.positive_parts([part for base in chosen for part in (base, -base)])
            replaced = iter([above - below for above, below in zip(parts[::2], parts[1::2])])
            bases = [next(replaced) if is_split else base for base, is_split in zip(bases, split)]
        return [base + excess for base, excess in zip(bases, excesses)]

    def combined(self, functions, rows):
        """The sums of weight * function, each row a list of positions and weights. Where merging them would make far more
        weights than both have, the functions are kept as a linear layer first."""
        weights = sum(map(len, rows))
        limit = 2 * (weights + sum(len(function.terms()) for function in functions)) + ALWAYS_MERGED
        merged = [sum_of(functions, row) for row in rows]
        if sum(len(function.terms()) for function in merged) > limit:
            kept = self.keep(functions)
            merged = [sum_of(kept, row) for row in rows]
        return merged

    def network(self, outputs):
        """The layers: what each defines, and then the earlier values that later ones need."""
        stages = sorted(set(self.stages[self.inputs:]))
        defined = [[v for v in range(self.inputs, len(self.kinds)) if self.stages[v] == stage] for stage in stages]
        chosen = [only_variable(output) for output in outputs]
        is_last = bool(defined) and sorted(map(str, chosen)) == sorted(map(str, defined[-1]))
        if is_last:
            defined[-1] = chosen
        last_read = [0] * len(self.kinds)
        readers = [(self.definitions[v], layer) for layer, vs in enumerate(defined, 1) for v in vs]
        for function, layer in readers + [(output, len(defined) + 1) for output in outputs if not is_last]:
            for variable, _ in function.terms():
                last_read[variable] = max(last_read[variable], layer)
        network, values = Network(self.inputs), variables(self.inputs)
        alive, places = list(range(self.inputs)), {v: Affine({v: 1}) for v in range(self.inputs)}
        for layer, vs in enumerate(defined, 1):
            alive, values = self.arrange(network, vs, [v for v in alive if last_read[v] > layer], places, values)
            alive += [v for v in vs if last_read[v] > layer]
        network.outputs = values if is_last else [output.substituted(places).substituted(values) for output in outputs]
        return network

    def arrange(self, network, defined, carried, places, values):
        """Appends a layer. `places` has the variables over the layer's values, which are affine in the last neurons."""
        is_relu = self.kinds[defined[0]] == NEURON
        rows = [self.definitions[v].substituted(places) for v in defined]
        for v in carried:
            place, at = places[v], len(rows)
            if is_relu and len(place.terms()) == 1 and self.kinds[v] != NEURON:
                place = None, place
                rows += [place[1], -place[1]]
            elif is_relu and len(place.terms()) == 2:
                rows += [Affine({column: 1}) for column, factor in sorted(place.terms(), key=lambda term: -term[1])]
            else:
                rows.append(place)
            places[v] = Affine({at: 1}) if len(rows) == at + 1 else Affine({at: 1, at + 1: -1})
        places.update((v, Affine({row: 1})) for row, v in enumerate(defined))
        functions = [row.substituted(values) for row in rows]
        return carried, network.relu(functions) if is_relu else functions

def only_variable(function):
    """The variable that the function is, else None."""
    return next(iter(function)) if len(function) == 1 and CONSTANT not in function and 1 in function.values() else None

def sum_of(functions, row):
    result = Affine()
    for position, weight in row:
        result.add(functions[position], weight)
    return result
