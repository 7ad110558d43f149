"""Binary networks whose inputs are split over arrays of one bit each."""

import pytest
import torch

from imc.errors import UserError
from imc.papers.codesign.pictures import Digits
from imc.papers.codesign.split_network import SplitLayer, SplitNetwork, sign, split_without_training, vote
from imc.papers.codesign.splitting import accuracy
from imc.papers.codesign.splitting_experiments import FlipsConfig, SplitConfig


def layer(inputs: int, outputs: int, rows: int, seed: int = 0) -> SplitLayer:
    return SplitLayer(inputs, outputs, rows, torch.Generator().manual_seed(seed))


def test_votes_and_signs():
    bits = torch.tensor([[[1.0, 1.0], [-1.0, -1.0], [-1.0, 1.0]], [[1.0, -1], [-1, 1], [1, 1]]])
    assert vote(bits).tolist() == [[-1, 1], [1, 1]]
    assert vote(torch.tensor([[[1.0], [-1.0]]])).tolist() == [[1]]  # a tie
    assert sign(torch.tensor([-2.0, -0.0, 0.0, 3.0])).tolist() == [-1, 1, 1, 1]


def test_a_vote_gives_its_gradient_to_every_group():
    bits = torch.ones(2, 3, 4, requires_grad=True)
    (vote(bits) * torch.arange(4.0)).sum().backward()
    assert bits.grad is not None
    assert bits.grad.tolist() == torch.arange(4.0).expand(2, 3, 4).tolist()


def test_a_sign_passes_gradients_within_its_window():
    x = torch.tensor([-1.5, -1.0, 0.3, 1.2], requires_grad=True)
    sign(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1, 1, 0]


def test_parts_add_up_to_the_whole():
    whole, x = layer(12, 5, 12), torch.randn(7, 12)
    split = split_without_training(whole.eval(), 3, x, centred=False)
    torch.testing.assert_close(split.partial_sums(x).sum(1), whole.partial_sums(x)[:, 0])


@torch.no_grad()
def test_one_group_is_the_layer_itself_and_thresholds_add_up():
    whole = layer(12, 6, 12)
    whole.norm.weight.copy_(torch.tensor([1.0, -2, 0.5, 3, -1, 1]))
    whole.norm.bias.copy_(torch.randn(6))
    whole.norm.running_mean = torch.randn(6)
    whole.eval()
    x = torch.randn(500, 12)
    for centred in (False, True):
        same = split_without_training(whole, 12, x, centred)
        assert torch.equal(same(x), whole(x))
        thresholds = split_without_training(whole, 4, x, centred).norm.running_mean
        assert thresholds is not None
        assert thresholds.view(3, 6).sum(0).tolist() == pytest.approx(
            (same.norm.running_mean).tolist(),  # pyright: ignore[reportOptionalMemberAccess]
            abs=1e-5,
        )


def test_a_factor_divides_the_fan_out_by_the_groups():
    assert layer(8, 6, 2).factor == pytest.approx(1 / (1.5 / (8 + 6 / 4)) ** 0.5)


def test_a_network_tells_pictures_by_their_scores():
    net = SplitNetwork(16, 8, 4, seed=1).eval()
    x = torch.randn(50, 16)
    with torch.no_grad():
        right = net(x).argmax(-1)
    assert accuracy(net, Digits(x, right, x, right)) == 100


def test_mistakes_are_sentences():
    with pytest.raises(UserError, match="5 rows"):
        layer(12, 5, 5)
    with pytest.raises(UserError, match="arrays whose rows divide the 2048"):
        FlipsConfig.build(rows=(100,))
    with pytest.raises(UserError, match="arrays whose rows divide the 512"):
        SplitConfig.build(rows=(1024,))
    with pytest.raises(UserError, match="rows"):
        SplitConfig.build(rows=(0,))
