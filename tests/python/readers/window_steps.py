"""Steps of random models with sliding windows: convolutions, pooling, resizing."""

import numpy as np


def windows(size, kernel, stride, dilation, begin, end, ceil=False):
    """How many windows there are along an axis; 0 where none fits."""
    room = begin + size + end - (kernel - 1) * dilation - 1
    if room < 0:
        return 0
    count = room // stride + 1
    if ceil and room % stride and count * stride < begin + size:
        count += 1
    return count


class Steps:
    def spatial(self, name, shape):
        """The tensor as [batch, channels, spatial…], reshaped where it is not: (name, shape), or None."""
        if len(shape) in (3, 4) and all(shape):
            return name, shape
        count = int(np.prod(shape, dtype=int))
        if count < 2 or count > 64:
            return None
        for rows in (4, 3, 2, 1):
            if count % rows == 0:
                kind = self.random.random()
                target = (1, 1, rows, count // rows) if kind < 0.4 else (1, rows, count // rows)
                if kind > 0.8:
                    target = (1, rows, 1, count // rows)
                shape_name = self.constant(np.array(target, dtype=np.int64))
                return self.node("Reshape", [name, shape_name]), target
        return None

    def window_attributes(self, spatial, kernel, dilates=True, ceil=False):
        """Random attributes of windows and how many windows they make along each axis; None if one has none."""
        rank = len(spatial)
        attributes = {}
        strides, dilations, pads = [1] * rank, [1] * rank, [0] * (2 * rank)
        if self.random.random() < 0.5:
            strides = [self.random.randint(1, 3) for _ in range(rank)]
            attributes["strides"] = strides
        if dilates and self.random.random() < 0.3:
            dilations = [self.random.randint(1, 2) for _ in range(rank)]
            attributes["dilations"] = dilations
        if ceil and self.random.random() < 0.4:
            attributes["ceil_mode"] = 1
        kind = self.random.random()
        if kind < 0.25 and dilations == [1] * rank and "ceil_mode" not in attributes:
            mode = self.random.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
            attributes["auto_pad"] = mode
            if mode != "VALID":
                return attributes, [-(-size // stride) for size, stride in zip(spatial, strides)]
        elif kind < 0.7:
            pads = [self.random.randint(0, min(2, kernel[i % rank] - 1)) for i in range(2 * rank)]
            attributes["pads"] = pads
        rounds_up = bool(attributes.get("ceil_mode"))
        counts = [
            windows(spatial[i], kernel[i], strides[i], dilations[i], pads[i], pads[rank + i], rounds_up)
            for i in range(rank)
        ]
        return (attributes, counts) if min(counts) > 0 else None

    def step_convolution(self, name, shape):
        fitting = self.spatial(name, shape)
        if fitting is None:
            return None
        name, shape = fitting
        channels, spatial = shape[1], shape[2:]
        groups = self.random.choice([g for g in (1, 1, 2, channels) if channels % g == 0])
        outputs = groups * self.random.randint(1, 2)
        kernel = tuple(self.random.randint(1, min(3, size)) for size in spatial)
        found = self.window_attributes(spatial, kernel)
        if found is None:
            return None
        attributes, counts = found
        if self.random.random() < 0.7:
            attributes["kernel_shape"] = kernel
        if groups > 1 or self.random.random() < 0.3:
            attributes["group"] = groups
        inputs = [name, self.weights((outputs, channels // groups) + kernel)]
        if self.random.random() < 0.6:
            inputs.append(self.weights((outputs,)))
        return self.node("Conv", inputs, **attributes), (shape[0], outputs) + tuple(counts)

    def step_transposed_convolution(self, name, shape):
        fitting = self.spatial(name, shape)
        if fitting is None or self.dtype is np.float64:
            return None
        name, shape = fitting
        channels, spatial = shape[1], shape[2:]
        groups = self.random.choice([g for g in (1, 1, channels) if channels % g == 0])
        per_group = self.random.randint(1, 2)
        rank = len(spatial)
        kernel = tuple(self.random.randint(1, 3) for _ in spatial)
        strides = [self.random.randint(1, 2) for _ in spatial]
        dilations = [self.random.randint(1, 2) for _ in spatial]
        pads = [self.random.randint(0, 1) for _ in range(2 * rank)]
        extra = [self.random.randint(0, strides[i] - 1) for i in range(rank)]
        counts = [
            (spatial[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 + extra[i] - pads[i] - pads[rank + i]
            for i in range(rank)
        ]
        attributes = {"strides": strides, "dilations": dilations, "pads": pads, "group": groups}
        if any(extra):
            attributes["output_padding"] = extra
        elif self.random.random() < 0.4:
            # The output's size decides the pads.
            counts = [count + pads[i] + pads[rank + i] for i, count in enumerate(counts)]
            counts = [self.random.randint(max(1, count - 2), count) for count in counts]
            attributes["output_shape"] = counts
            del attributes["pads"]
            if self.random.random() < 0.5:
                attributes["auto_pad"] = self.random.choice(["SAME_UPPER", "SAME_LOWER"])
        if min(counts) < 1 or np.prod(counts) > 64:
            return None
        inputs = [name, self.weights((channels, per_group) + kernel)]
        if self.random.random() < 0.6:
            inputs.append(self.weights((groups * per_group,)))
        return self.node("ConvTranspose", inputs, **attributes), (shape[0], groups * per_group) + tuple(counts)

    def step_pool(self, name, shape):
        fitting = self.spatial(name, shape)
        if fitting is None:
            return None
        name, shape = fitting
        operator = self.random.choice(["AveragePool", "MaxPool"])
        if self.random.random() < 0.25:
            operator = "Global" + operator
            return self.node(operator, [name]), shape[:2] + (1,) * len(shape[2:])
        spatial = shape[2:]
        kernel = tuple(self.random.randint(1, min(3, size)) for size in spatial)
        dilates = self.operator_set >= (10 if operator == "MaxPool" else 19)
        found = self.window_attributes(spatial, kernel, dilates, ceil=self.operator_set >= 10)
        if found is None:
            return None
        attributes, counts = found
        attributes["kernel_shape"] = kernel
        if operator == "AveragePool" and self.random.random() < 0.5:
            attributes["count_include_pad"] = 1
        return self.node(operator, [name], **attributes), shape[:2] + tuple(counts)

    def step_resize(self, name, shape):
        fitting = self.spatial(name, shape)
        if fitting is None or self.dtype is np.float64:
            return None
        name, shape = fitting
        scales = [1.0, 1.0] + [self.random.choice([1.0, 2.0, 3.0]) for _ in shape[2:]]
        result = tuple(int(size * scale) for size, scale in zip(shape, scales))
        if np.prod(result) > 64:
            return None
        if self.operator_set < 11:
            # onnxruntime's linear Upsample has four axes.
            mode = {"mode": "linear" if len(shape) == 4 and self.random.random() < 0.4 else "nearest"}
            if self.operator_set < 9:
                return self.node("Upsample", [name], scales=scales, **mode), result
            operator = "Upsample" if self.operator_set == 9 else "Resize"
            return self.node(operator, [name, self.constant(np.array(scales, dtype=np.float32))], **mode), result
        coordinates = ["asymmetric", "half_pixel", "align_corners", "pytorch_half_pixel"]
        if self.operator_set >= 19:
            coordinates.append("half_pixel_symmetric")
        attributes = {
            "coordinate_transformation_mode": self.random.choice(coordinates),
            "nearest_mode": self.random.choice(["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]),
        }
        region = "" if self.operator_set >= 13 else self.constant(np.array([], dtype=np.float32))
        if self.random.random() < 0.5:
            del attributes["nearest_mode"]
            attributes["mode"] = self.random.choice(["linear", "cubic"]) if len(shape) == 4 else "linear"
            if attributes["mode"] == "cubic" and self.random.random() < 0.5:
                attributes["cubic_coeff_a"] = -0.5
        if self.random.random() < 0.4:
            sizes = tuple(shape[:2]) + tuple(self.random.randint(1, 5) for _ in shape[2:])
            if np.prod(sizes) > 64:
                return None
            none = "" if self.operator_set >= 13 else self.constant(np.array([], dtype=np.float32))
            stored = self.constant(np.array(sizes, dtype=np.int64))
            return self.node("Resize", [name, region, none, stored], **attributes), sizes
        data = self.constant(np.array(scales, dtype=np.float32))
        return self.node("Resize", [name, region, data], **attributes), result

    def step_depth(self, name, shape):
        if len(shape) != 4:
            count = int(np.prod(shape, dtype=int))
            if count % 4 or count > 64:
                return None
            target = (1, 4, 1, count // 4) if self.random.random() < 0.5 else (1, 1, 2, count // 2)
            name, shape = self.node("Reshape", [name, self.constant(np.array(target, dtype=np.int64))]), target
        batch, channels, height, width = shape
        if channels % 4 == 0:
            mode = {"mode": self.random.choice(["DCR", "CRD"])} if self.operator_set >= 11 else {}
            node = self.node("DepthToSpace", [name], blocksize=2, **mode)
            return node, (batch, channels // 4, height * 2, width * 2)
        if height % 2 == 0 and width % 2 == 0:
            return self.node("SpaceToDepth", [name], blocksize=2), (batch, channels * 4, height // 2, width // 2)
        return None
