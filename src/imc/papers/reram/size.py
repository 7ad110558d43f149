"""Network size in synaptic bits, as Tables 1 and 2 of the thesis count it."""

from imc.errors import UserError

CLASSES = 10


def layer_shapes(input_size: int, hidden: int) -> list[tuple[int, int]]:
    """(inputs, outputs) of the three layers of a network input_size^2 - hidden - hidden - 10."""
    return [(input_size**2, hidden), (hidden, hidden), (hidden, CLASSES)]


def synapses(input_size: int, hidden: int) -> int:
    """Number of weights; biases and batch norm are not counted (thesis, Tables 1 and 2)."""
    return sum(rows * columns for rows, columns in layer_shapes(input_size, hidden))


def bits(input_size: int, hidden: int, weight_bits: int = 1) -> int:
    """Synaptic bits of the network (thesis, column "Network Size (#bits)")."""
    return weight_bits * synapses(input_size, hidden)


def hidden_for_bits(budget: int, input_size: int, weight_bits: int) -> int:
    """The hidden size whose synaptic bits come nearest to `budget` (Table 3 prints no neuron counts).

    Raises:
        UserError: if even one neuron a layer is past the budget.
    """
    if bits(input_size, 1, weight_bits) > budget:
        raise UserError(
            f"{budget} bits hold no network of {weight_bits}-bit weights on {input_size}^2 inputs"
        )
    hidden = 1
    while abs(bits(input_size, hidden + 1, weight_bits) - budget) <= abs(
        bits(input_size, hidden, weight_bits) - budget
    ):
        hidden += 1
    return hidden
