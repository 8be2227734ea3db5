"""A dense decoder-only transformer with random weights, in plain PyTorch.

Root-mean-square norms, rotary positions, gated feed-forward networks, grouped keys and values:
the form of most open models since 2023. Trained as a whole, or written from token by token with
a cache of keys and values that is allocated once.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from recount.measure.workloads import Shape

_ROTARY_BASE = 10_000.0  # as in Su et al. 2021


class Cache:
    """Keys and values of every layer for a batch of answers, allocated once."""

    def __init__(self, shape: Shape, batch: int, tokens: int, device: torch.device, dtype: torch.dtype):
        sizes = (shape.layers, batch, shape.key_value_heads, tokens, shape.head_size)
        self.keys = torch.zeros(sizes, device=device, dtype=dtype)
        self.values = torch.zeros(sizes, device=device, dtype=dtype)

    def part(self, first: int, last: int) -> Cache:
        """The same memory, for some of the answers."""
        found = object.__new__(Cache)
        found.keys, found.values = self.keys[:, first:last], self.values[:, first:last]
        return found


class Attention(nn.Module):
    """Causal attention with grouped keys and values."""

    def __init__(self, shape: Shape, **where):
        super().__init__()
        self.heads, self.groups, self.size = shape.heads, shape.key_value_heads, shape.head_size
        self.read = nn.Linear(shape.hidden, (shape.heads + 2 * shape.key_value_heads) * shape.head_size, bias=False, **where)
        self.write = nn.Linear(shape.heads * shape.head_size, shape.hidden, bias=False, **where)

    def forward(self, x: torch.Tensor, rotation: tuple[torch.Tensor, torch.Tensor], kept: tuple[torch.Tensor, torch.Tensor] | None = None, position: torch.Tensor | None = None, end: int = 0) -> torch.Tensor:
        batch, tokens, _ = x.shape
        query, key, value = self.read(x).view(batch, tokens, -1, self.size).transpose(1, 2).split((self.heads, self.groups, self.groups), 1)
        query, key = rotated(query, rotation), rotated(key, rotation)
        if kept is not None:
            for store, new in zip(kept, (key, value), strict=True):
                store.index_copy_(2, position, new)
        if tokens == 1 and kept is not None:
            # One new token sees all that is kept: the heads of a group share its keys as so many queries do.
            shared = query.reshape(batch, self.groups, self.heads // self.groups, self.size)
            seen = functional.scaled_dot_product_attention(shared, kept[0][:, :, :end], kept[1][:, :, :end])
            return self.write(seen.reshape(batch, 1, -1))
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=self.heads != self.groups)
        return self.write(seen.transpose(1, 2).reshape(batch, tokens, -1))


class Block(nn.Module):
    """One layer: attention, then a gated feed-forward network, each on the norm of what it adds to."""

    def __init__(self, shape: Shape, **where):
        super().__init__()
        self.before_attention, self.before_network = (nn.RMSNorm(shape.hidden, eps=1e-5, **where) for _ in range(2))
        self.attention = Attention(shape, **where)
        self.widen = nn.Linear(shape.hidden, 2 * shape.feed_forward, bias=False, **where)
        self.narrow = nn.Linear(shape.feed_forward, shape.hidden, bias=False, **where)

    def forward(self, x: torch.Tensor, *attended) -> torch.Tensor:
        x = x + self.attention(self.before_attention(x), *attended)
        gate, up = self.widen(self.before_network(x)).chunk(2, -1)
        return x + self.narrow(functional.silu(gate) * up)


class Transformer(nn.Module):
    """A decoder of a shape, its weights drawn at random.

    Parameters
    ----------
    shape : layers, widths and vocabulary.
    longest : tokens that a sequence may have.
    device, dtype : where, and as what, the weights lie.
    """

    def __init__(self, shape: Shape, longest: int, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32):
        super().__init__()
        where = {"device": torch.device(device), "dtype": dtype}
        self.shape, self.checkpointing = shape, False
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden, **where)
        self.blocks = nn.ModuleList(Block(shape, **where) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.hidden, eps=1e-5, **where)
        self.head = nn.Linear(shape.hidden, shape.vocabulary, bias=False, **where)
        for weight in self.parameters():
            if weight.ndim > 1:
                nn.init.normal_(weight, std=0.02)
        if shape.tied:
            self.head.weight = self.embedding.weight
        rates = _ROTARY_BASE ** -(torch.arange(0, shape.head_size, 2, device=where["device"]) / shape.head_size)
        angles = torch.arange(longest, device=where["device"])[:, None] * rates
        self.register_buffer("cosine", angles.cos().to(dtype), persistent=False)
        self.register_buffer("sine", angles.sin().to(dtype), persistent=False)

    @property
    def count(self) -> int:
        """Parameters, shared ones once."""
        return sum(weight.numel() for weight in self.parameters())

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The hidden states of whole sequences."""
        x, rotation = self.embedding(tokens), (self.cosine[: tokens.shape[1]], self.sine[: tokens.shape[1]])
        for block in self.blocks:
            x = checkpoint(block, x, rotation, use_reentrant=False) if self.checkpointing else block(x, rotation)
        return self.norm(x)

    def loss(self, tokens: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of each next token; *tokens* carry one more than the sequence."""
        scores = self.head(self(tokens[:, :-1]))
        return functional.cross_entropy(scores.flatten(0, 1).float(), tokens[:, 1:].flatten())

    def read(self, tokens: torch.Tensor, cache: Cache) -> torch.Tensor:
        """Read prompts into the cache; return the token that follows each."""
        position = torch.arange(tokens.shape[1], device=tokens.device)
        return self._next(self._cached(tokens, cache, position, tokens.shape[1])[:, -1:])

    def write(self, tokens: torch.Tensor, cache: Cache, position: torch.Tensor, end: int) -> torch.Tensor:
        """One more token for each answer.

        *position* is a tensor, so that a recorded graph may be replayed at the next place; *end*
        is how much of the cache is looked at, at least one more than the position.
        """
        return self._next(self._cached(tokens, cache, position, end))

    def _cached(self, tokens: torch.Tensor, cache: Cache, position: torch.Tensor, end: int) -> torch.Tensor:
        x, rotation = self.embedding(tokens), (self.cosine[position], self.sine[position])
        for layer, block in enumerate(self.blocks):
            x = block(x, rotation, (cache.keys[layer], cache.values[layer]), position, end)
        return self.norm(x)

    def _next(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x).argmax(-1)


def rotated(x: torch.Tensor, rotation: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Heads turned by their positions, the first half of each against the second."""
    cosine, sine = rotation
    first, second = x.chunk(2, -1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), -1)
