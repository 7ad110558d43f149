"""The networks of Tables 1 to 3 as chips, the front, and the rule of the best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imc.claims import reference
from imc.errors import UserError
from imc.papers.reram.efficiency import implied
from imc.papers.reram.experiments import EfficiencyConfig
from imc.papers.reram.tradeoff import CHOSEN, NETWORKS, best, cost, worth_their_cost

POINTS = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 100)), min_size=1, max_size=12)
DEFAULT = EfficiencyConfig.build()


def test_the_networks_are_those_of_the_tables():
    assert len({(n.input_size, n.hidden, n.weight_bits) for n in NETWORKS}) == len(NETWORKS) == 14
    assert CHOSEN in NETWORKS
    assert [n.hidden for n in NETWORKS if n.table == 3] == [72, 50, 38, 26, 20]
    for network in NETWORKS:
        assert reference.value(f"reram.{network.printed}.accuracy").unit == "%"
        if network.table < 3:
            size = reference.value(f"reram.{network.printed}.size").value
            assert cost(network, DEFAULT).weight_bits == size
    assert CHOSEN.name == "400-128-128-10"
    assert NETWORKS[-1].name == "400-20-20-10, 8 bit"


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_chosen_network_costs_what_the_thesis_s_efficiency_implies(share):
    config = EfficiencyConfig.build(column_share=share)
    _, area, power = implied(config)
    found = cost(CHOSEN, config)
    assert (found.area_mm2, found.power_mw) == (pytest.approx(area), pytest.approx(power))
    assert found.energy_pj == pytest.approx(power * 10)


@given(st.floats(0, 1), st.sampled_from(NETWORKS))
def test_the_unknown_share_moves_cost_linearly(share, network):
    ends = [cost(network, EfficiencyConfig.build(column_share=s)).area_mm2 for s in (0.0, 1.0)]
    between = cost(network, EfficiencyConfig.build(column_share=share)).area_mm2
    assert between == pytest.approx((1 - share) * ends[0] + share * ends[1])


def test_arrays_of_the_largest_and_the_multi_bit_network():
    arrays = {n.printed: cost(n, DEFAULT).arrays for n in NETWORKS}
    # 784 rows make 7 arrays; 192 columns make 2 beside each other
    assert arrays["table1.crop28"] == 7 + 1 + 1
    assert arrays["table2.hidden192"] == 4 * 2 + 2 * 2 + 2
    # 72 neurons of 2 bits are 144 columns
    assert arrays["table3.weight2"] == 4 * 2 + 1 * 2 + 1


def test_by_the_thesis_s_own_accuracies_its_choice_is_the_best():
    printed = [reference.value(f"reram.{n.printed}.accuracy").value for n in NETWORKS]
    for measure in ("weight_bits", "area_mm2", "energy_pj"):
        costs = [getattr(cost(n, DEFAULT), measure) for n in NETWORKS]
        assert NETWORKS[best(costs, printed, 1.0)] == CHOSEN


@given(POINTS)
def test_the_front_rises_and_nothing_outside_beats_it(points):
    costs, accuracies = zip(*points, strict=True)
    front = worth_their_cost(costs, accuracies)
    assert [costs[i] for i in front] == sorted(costs[i] for i in front)
    for i in range(len(points)):
        assert any(costs[f] <= costs[i] and accuracies[f] >= accuracies[i] for f in front)
        beaten = any(c < costs[i] and a > accuracies[i] for c, a in points)
        assert not (beaten and i in front)


@given(POINTS, st.floats(0, 50), st.floats(0, 50))
def test_the_best_is_on_the_front_and_a_wider_margin_never_costs_more(points, margin, more):
    costs, accuracies = zip(*points, strict=True)
    chosen, wider = best(costs, accuracies, margin), best(costs, accuracies, margin + more)
    assert accuracies[chosen] >= max(accuracies) - margin
    assert costs[wider] <= costs[chosen]
    assert chosen in worth_their_cost(costs, accuracies) or any(
        (costs[f], accuracies[f]) == (costs[chosen], accuracies[chosen])
        for f in worth_their_cost(costs, accuracies)
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: best([], [], 1.0), "0 costs and 0 accuracies"),
        (lambda: best([1.0], [1.0, 2.0], 1.0), "1 costs and 2 accuracies"),
        (lambda: best([1.0], [1.0], -1.0), "margin = -1.0: it is zero or more"),
        (lambda: worth_their_cost([1.0], []), "1 costs and 0 accuracies"),
    ],
)
def test_wrong_lists_are_refused(call, sentence):
    with pytest.raises(UserError, match=sentence):
        call()
