"""The keys of test episodes, digital, and from crossbars on which nothing varies."""

import numpy as np

from imc.papers.batmann.deployed import network
from imc.papers.batmann.experiments import KeysConfig, VariationConfig
from imc.papers.batmann.on_crossbars import Hardware
from imc.papers.batmann.splits import Episodes, digital, in_parts, trained
from imc.runs.experiments import Outcome, Progress


def embed(config: KeysConfig, progress: Progress) -> Outcome:
    """Keys of every draw's pictures, and how ideal crossbars differ from the digital controller and memory.

    Metrics: accuracy, digital, percent, by draw; bits and answers, how many; different_bits.KIND and
    different_answers.KIND of crossbars without variation: double or single columns, the first layer digital;
    first_in_cells: double columns, its 8-bit weights in cells, where the rounding of float32 can tip a sign.
    Tensors: keys, uint8, eight bits a byte, 1
    for +1, (draws, ways * (shots + queries), d / 8).
    """
    episodes, layers = Episodes(config), trained(config.training)
    place = episodes.part.device
    net = network(layers).to(place)
    kinds = {
        "double": {"columns": "double", "first": "digital"},
        "single": {"columns": "single", "first": "digital"},
        "first_in_cells": {"columns": "double", "first": "cells"},
    }
    ideal = {
        kind: Hardware(VariationConfig.build(embedding=config, **chosen), layers, 0.0, place)
        for kind, chosen in kinds.items()
    }
    bits, answers = dict.fromkeys(ideal, 0), dict.fromkeys(ideal, 0)
    packed, accuracy, total = [], [], 0
    for index in range(config.draws):
        progress(index / config.draws, f"episode {index}")
        x = episodes.pictures(index)
        keys = in_parts(net, x)
        packed.append(np.packbits(keys.cpu().numpy() > 0, axis=-1))
        own = episodes.split(index, keys)
        right = episodes.answers(own, own, digital)
        accuracy.append(round(100 * (right == episodes.labels(place)).double().mean().item(), 4))
        total += right.numel()
        for kind, hardware in ideal.items():
            found = hardware.keys(x, index)
            theirs = episodes.split(index, found)
            bits[kind] += int((found != keys).sum())
            given = episodes.answers(theirs, theirs, hardware.memory(index))
            answers[kind] += int((given != right).sum())
    stacked = np.stack(packed)
    return Outcome(
        {
            "accuracy": accuracy,
            "bits": 8 * stacked.size,
            "answers": total,
            "different_bits": bits,
            "different_answers": answers,
        },
        {"keys": stacked},
    )
