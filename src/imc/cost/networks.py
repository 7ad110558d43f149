"""The documents' networks in the notation of `imc.cost.matrices`: any cost model can take any of them.

Each is defined in its own paper's package; the tests hold these lines against it. Layers that their authors
do not quantize have weights and inputs of 8 bits here.
"""

from imc.cost.matrices import Matrix, network

_LINES = {
    "thesis": "400x128 128x128 128x10",
    "lenet": "25x20x576w8i8 500x50x64 800x500 500x10w8i8",
    "svhn": "75x48x1296w8i8 432x64x324 576x64x324 576x128x49 1152x128x49 1152x128x25 3200x512 512x10w8i8",
    "alexnet": "363x96x3025w8i8 2400x256x729 2304x384x169 3456x384x169 3456x256x169 9216x4096 4096x4096 "
    "4096x1000w8i8",
    "controller": "25x128x784w8i8 3200x128x576 1152x128x100 1152x128x64 2048x512",
}

NETWORKS: dict[str, tuple[Matrix, ...]] = {name: network(line.split()) for name, line in _LINES.items()}
"""thesis: 400-128-128-10; lenet, svhn: IMCE's, MNIST and SVHN; alexnet: ungrouped; controller: BATMANN's."""
