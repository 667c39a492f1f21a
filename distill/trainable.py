"""What an optimizer may change: an adapter, or all weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from distill.lora import publish, save_adapter


class Trainable(Protocol):
    """A model with the fp32 tensors that the optimizer steps on."""

    model: Any
    parameters: list[Any]
    name: str
    """Of the folder that holds the result."""

    def collect(self) -> None:
        """Moves the gradients of a backward pass to the parameters."""
        ...

    def publish(self) -> None:
        """Makes the parameters' values those that the model computes with."""
        ...

    def save(self, folder: Path) -> None:
        """The result as it is now."""
        ...


class Adapter:
    """The factors of a LoRA adapter."""

    name = "adapter"

    def __init__(self, model: Any) -> None:
        self.model = model
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def collect(self) -> None:
        """Autograd has left them on the factors."""

    def publish(self) -> None:
        publish(self.model)

    def save(self, folder: Path) -> None:
        save_adapter(self.model, folder)


class AllWeights:
    """Every weight of the model. The optimizer steps on fp32 copies: in bf16 a small step would round to none."""

    name = "model"

    def __init__(self, model: Any, tokenizer: Any) -> None:
        import torch

        self.model = model
        self._tokenizer = tokenizer
        self._weights = list(model.parameters())
        for weight in self._weights:
            weight.requires_grad_(True)
        self.parameters = [
            torch.nn.Parameter(weight.detach().float().clone(), requires_grad=True)
            for weight in self._weights
        ]

    def collect(self) -> None:
        for weight, parameter in zip(self._weights, self.parameters, strict=True):
            if weight.grad is not None:
                parameter.grad = weight.grad.float()
                weight.grad = None

    def publish(self) -> None:
        import torch

        with torch.no_grad():
            for weight, parameter in zip(self._weights, self.parameters, strict=True):
                weight.copy_(parameter)

    def save(self, folder: Path) -> None:
        self.model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
