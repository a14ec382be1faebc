"""The processes that train one model together: which one this is, and what they exchange.

torch.distributed does the exchange; a training in one process needs none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from lib.errors import CloserError, error_from_json

_T = TypeVar("_T")


@dataclass(frozen=True)
class Ranks:
    """The processes of a training, as one of them sees them.

    rank: this one's number. count: of all. messages: the process group for what lies in ordinary memory. report: called in
    every process with the step whose checkpoint was published.
    """

    rank: int = 0
    count: int = 1
    messages: Any = None
    report: Callable[[int], None] = lambda step: None

    @property
    def is_first(self) -> bool:
        """Whether this process measures, saves and reports for all."""
        return self.rank == 0

    def first(self, work: Callable[[], _T]) -> _T:
        """Do the work in the first process while the others wait, and give its value in all of them.

        A CloserError of the work is raised in all of them too; anything else ends the first process, and with it the training.
        """
        if self.count == 1:
            return work()
        value: Any = None
        raised: CloserError | None = None
        if self.is_first:
            try:
                value = work()
            except CloserError as error:
                raised = error
        answer = [value, raised.to_json() if raised else None]
        dist.broadcast_object_list(answer, src=0, group=self.messages)
        if answer[1] is not None:
            raise raised or error_from_json(answer[1])
        result: _T = value if self.is_first else answer[0]
        return result

    def mean(self, value: float) -> float:
        """Compute the mean of a number over the processes: not finite where one of them is not."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64)
        dist.all_reduce(total, group=self.messages)
        return float(total) / self.count

    def collect(self, tensor: torch.Tensor) -> list[torch.Tensor]:
        """Collect a tensor of one shape from every process, in order of rank."""
        if self.count == 1:
            return [tensor]
        parts = [torch.empty_like(tensor) for _ in range(self.count)]
        dist.all_gather(parts, tensor, group=self.messages)
        return parts

    def copy_first(self, tensors: Iterable[torch.Tensor]) -> None:
        """Overwrite tensors, on the device that trains, by those of the first process."""
        if self.count > 1:
            for tensor in tensors:
                dist.broadcast(tensor.detach(), src=0)

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replace gradients by their mean over the processes.

        DistributedDataParallel does so for the model; a loss's own weights lie outside it.
        """
        if self.count > 1:
            for parameter in parameters:
                if parameter.grad is not None:
                    dist.all_reduce(parameter.grad)
                    parameter.grad /= self.count


ALONE = Ranks()
"""A training in one process."""
