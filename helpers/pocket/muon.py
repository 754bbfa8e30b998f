"""An optimizer that learns more from each step: Muon (Jordan et al. 2024), for convolutions too."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

__all__ = ["Muon"]


class Muon(keras.optimizers.Muon):
    """Keras's Muon, which takes a convolution's kernel for what it is: a matrix from patches to channels.

    The update of a matrix has all its singular values near one; other weights, the first and the last
    layers among them, are trained by Adam.
    """

    def __init__(
        self, learning_rate: Any, *, adam_layers: tuple[str, ...] = (), half: bool = False, **options: Any
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay=None,
            adam_weight_decay=None,
            exclude_layers=list(adam_layers),
            **{"adam_lr_ratio": 0.25, "global_clipnorm": 1.0} | options,
        )
        self.half = half  # whether the updates are computed in bfloat16, which suffices

    def _should_use_adamw(self, variable: Any) -> bool:
        named = any(name in variable.path for name in (*self.exclude_layers, "embedding"))
        return len(variable.shape) < 2 or named

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign_add(m, gradient + m * (self.momentum - 1))
        ahead = ops.reshape(gradient + self.momentum * m, (-1, variable.shape[-1]))
        ahead = ops.cast(ahead, "bfloat16" if self.half else "float32")
        update = ops.cast(self.zeropower_via_newtonschulz5(ahead, self.ns_steps), "float32")
        self.assign_sub(variable, ops.reshape(self.lr_adjust(lr * update), variable.shape))
