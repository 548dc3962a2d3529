"""The ring, against a ring that is played step by step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.execution.training import transfers


def played(vectors):
    """Reduce-scatter, then all-gather, piece by piece; sums and numbers sent by each."""
    k = len(vectors)
    pieces = [np.array_split(np.array(each, float), k) for each in vectors]
    sent = [0] * k
    for gathering in (False, True):
        for step in range(k - 1):
            moves = []
            for i in range(k):
                j = (i + gathering - step) % k
                moves.append(((i + 1) % k, j, pieces[i][j].copy()))
                sent[i] += len(pieces[i][j])
            for target, j, piece in moves:
                pieces[target][j] = piece if gathering else pieces[target][j] + piece
    return [np.concatenate(each) for each in pieces], sent


@settings(max_examples=80)
@given(st.integers(2, 9), st.integers(0, 40), st.integers(0, 2**31))
def test_it_sends_what_a_ring_sends(k, length, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-9, 9, size=(k, length))
    sums, sent = played(vectors)
    for each in sums:
        assert np.array_equal(each, vectors.sum(axis=0))
    ranks = sorted(rng.choice(50, size=k, replace=False).tolist())
    ring = transfers.ring(length, ranks)
    assert [each.size for each in ring] == [4 * count for count in sent]
    assert [each.source for each in ring] == ranks
    assert [each.target for each in ring] == [*ranks[1:], ranks[0]]


def test_each_sends_twice_all_but_one_share():
    """Patarasuk & Yuan 2009: 2 (k − 1)/k of the vector; 1,024,560 numbers over 4: 6.1 MB."""
    sizes = {each.size for each in transfers.ring(1_024_560, range(4))}
    assert sizes == {4 * 2 * 3 * 1_024_560 // 4}


@pytest.mark.parametrize("ranks", [[], [3]])
def test_nobody_to_exchange_with(ranks):
    assert transfers.ring(100, ranks) == ()
