"""Multi-head attention whose four matrices lie on crossbars; products of activations stay digital."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from imc.crossbar.arrays import Chip
from imc.crossbar.layers import CrossbarLayer
from imc.errors import UserError


class CrossbarAttention(nn.Module):
    """`torch.nn.MultiheadAttention` on crossbars, called as that is.

    Args:
        name: where it stands in its network; its layers are ``<name>.q``, ``.k``, ``.v``, ``.out_proj``.
        plain: the trained module.
        chip: the chip of a layer, by its name.

    Raises:
        UserError: if `plain` adds biases or zeros to keys and values, which no linear layer does.
    """

    in_proj_bias = None
    """Tells torch's encoder layers not to take their fused path, which reads weights past the arrays."""

    def __init__(self, name: str, plain: nn.MultiheadAttention, chip: Callable[[str], Chip]) -> None:
        super().__init__()
        self._where = f"layer '{name}'"
        if plain.bias_k is not None or plain.bias_v is not None or plain.add_zero_attn:
            raise UserError(
                f"layer '{name}' is a MultiheadAttention with add_bias_kv or add_zero_attn: name it in "
                "keep to leave it digital"
            )
        self.num_heads, self.batch_first, self.dropout = plain.num_heads, plain.batch_first, plain.dropout
        if plain.in_proj_weight is not None:
            matrices = plain.in_proj_weight.detach().chunk(3)
        else:
            matrices = tuple(getattr(plain, f"{part}_proj_weight").detach() for part in "qkv")
        biases = [None] * 3 if plain.in_proj_bias is None else plain.in_proj_bias.detach().chunk(3)
        self.q, self.k, self.v = (
            CrossbarLayer(f"{name}.{part}".lstrip("."), dense(w, b), chip(f"{name}.{part}".lstrip(".")))
            for part, w, b in zip("qkv", matrices, biases, strict=True)
        )
        out = f"{name}.out_proj".lstrip(".")
        self.out_proj = CrossbarLayer(out, plain.out_proj, chip(out))

    @property
    def layers(self) -> dict[str, CrossbarLayer]:
        """Its layers on crossbars, by name."""
        return {layer.name: layer for layer in (self.q, self.k, self.v, self.out_proj)}

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """As `torch.nn.MultiheadAttention`: outputs, and the attention weights if they are needed.

        Raises:
            UserError: for inputs or masks whose shapes do not fit each other.
        """
        self._check(query, key, value)
        single = query.ndim == 2
        if single:
            query, key, value = (x.unsqueeze(0) for x in (query, key, value))
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
        elif not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        q, k, v = (self._heads(layer(x)) for layer, x in ((self.q, query), (self.k, key), (self.v, value)))
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        if attn_mask is not None:
            n, heads, *lengths = scores.shape
            self._check_mask("attn_mask", attn_mask, lengths, [n * heads, *lengths])
            mask = attn_mask if attn_mask.ndim == 2 else attn_mask.view(n, heads, *lengths)
            scores = scores + _additive(mask, scores)
        elif is_causal:
            raise UserError("is_causal is a hint about attn_mask: give the mask too")
        if key_padding_mask is not None:
            self._check_mask("key_padding_mask", key_padding_mask, [len(scores), scores.shape[-1]])
            scores = scores + _additive(key_padding_mask, scores)[:, None, None, :]
        attention = scores.softmax(-1)
        mixed = F.dropout(attention, self.dropout, self.training) @ v
        out = self.out_proj(mixed.transpose(1, 2).flatten(2))
        shown = None
        if need_weights:
            shown = attention.mean(1) if average_attn_weights else attention
        if single:
            return out.squeeze(0), None if shown is None else shown.squeeze(0)
        return out if self.batch_first else out.transpose(0, 1), shown

    def _check(self, *given: Any) -> None:
        if not all(isinstance(x, Tensor) and x.ndim == given[0].ndim in (2, 3) for x in given):
            shapes = ", ".join(str(tuple(x.shape)) if isinstance(x, Tensor) else repr(x) for x in given)
            raise UserError(f"{self._where} takes query, key and value of 2 or 3 axes each, not {shapes}")
        batch = 0 if self.batch_first or given[0].ndim == 2 else 1
        query, key, value = given
        alike = key.shape[:-1] == value.shape[:-1]
        if not alike or (query.ndim == 3 and query.shape[batch] != key.shape[batch]):
            shapes = ", ".join(str(tuple(x.shape)) for x in given)
            raise UserError(
                f"{self._where} takes keys and values of one length, and as many as queries in the batch, "
                f"not shapes {shapes}"
            )

    def _check_mask(self, name: str, mask: Tensor, *allowed: list[int]) -> None:
        if list(mask.shape) not in allowed:
            shapes = " or ".join(str(tuple(shape)) for shape in allowed)
            raise UserError(f"{self._where} takes a {name} of shape {shapes}, not {tuple(mask.shape)}")

    def _heads(self, x: Tensor) -> Tensor:
        """(n, length, features) to (n, heads, length, features of a head)."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


def dense(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    """A Linear layer of these weights, (outputs, inputs), and this bias."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device="meta")
    layer.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias, requires_grad=False)
    return layer


def _additive(mask: Tensor, like: Tensor) -> Tensor:
    """A mask as torch takes it, True for what must not be seen or numbers to add, as numbers to add."""
    if mask.dtype != torch.bool:
        return mask.to(like.dtype)
    return torch.zeros_like(mask, dtype=like.dtype).masked_fill_(mask, float("-inf"))
