"""The thesis's networks on crossbars, untrained ones: the mapping does not care."""

import torch

from imc.crossbar import Wires
from imc.papers.reram.crossbars import SCHEMES, _differing, _mapped, plain
from imc.papers.reram.experiments import CrossbarsConfig
from imc.papers.reram.network import Ensemble, Trained


def untrained(**values):
    config = CrossbarsConfig.build(seeds=2, input_size=8, hidden=16, **values)
    inputs = torch.randint(0, 2, (50, 64), generator=torch.Generator().manual_seed(0)).float()
    tensors = Ensemble(config.training).tensors()
    for layer in (1, 2, 3):  # off the integers, where rounding alone would decide a step
        tensors[f"b{layer}"] += torch.linspace(0.2, 0.4, tensors[f"b{layer}"].shape[-1])
    return config, Trained(config.training, tensors), inputs


def test_torch_layers_are_the_ensembles_networks():
    for bits in (1, 3):
        _, net, inputs = untrained(activation_bits=bits)
        scores = net.pre_activations(inputs)[-1]
        with torch.no_grad():
            for n in range(2):
                torch.testing.assert_close(plain(net, n)(inputs.double()), scores[n])


def test_exact_cells_give_the_digital_network_and_wires_do_not():
    config, net, inputs = untrained()
    with torch.no_grad():
        network = plain(net, 0)
        for scheme in SCHEMES.values():
            assert _differing(network, _mapped(config, network, scheme), inputs) == 0
            assert _differing(network, _mapped(config, network, scheme, 16), inputs) == 0
            assert _differing(network, _mapped(config, network, scheme, 16, Wires(30.0, 30.0)), inputs) > 0
