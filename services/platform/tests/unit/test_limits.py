"""Token buckets: a burst, then the rate, for each key alone."""

from __future__ import annotations

import pytest

from messenger_platform.errors import TooManyRequests
from messenger_platform.limits import TokenBuckets


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    clock = Clock()
    buckets = TokenBuckets(rate=20, burst=60, clock=clock)
    assert [buckets.take("alice") for _ in range(60)] == [0.0] * 60
    assert buckets.take("alice") == pytest.approx(0.05)
    clock.now += 0.05
    assert buckets.take("alice") == 0.0
    assert buckets.take("alice") > 0


def test_keys_do_not_share_a_bucket() -> None:
    buckets = TokenBuckets(rate=1, burst=1, clock=Clock())
    assert buckets.take("alice") == 0.0
    assert buckets.take("bob") == 0.0
    assert buckets.take("alice") > 0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = Clock()
    buckets = TokenBuckets(rate=1, burst=2, clock=clock)
    clock.now += 1000
    assert [buckets.take("alice") > 0 for _ in range(3)] == [False, False, True]


def test_a_rate_of_zero_is_no_limit() -> None:
    buckets = TokenBuckets(rate=0, burst=1)
    assert not any(buckets.take("alice") for _ in range(1000))


def test_memory_is_bounded_by_forgetting_the_least_recently_used() -> None:
    buckets = TokenBuckets(rate=1, burst=1, capacity=2, clock=Clock())
    buckets.take("alice")
    buckets.take("bob")
    buckets.take("carol")
    assert buckets.take("bob") > 0
    assert buckets.take("alice") == 0.0


def test_a_charge_beyond_the_limit_says_when_to_come_again() -> None:
    buckets = TokenBuckets(rate=0.5, burst=1, clock=Clock())
    buckets.charge("alice")
    with pytest.raises(TooManyRequests) as refused:
        buckets.charge("alice")
    assert refused.value.retry_after == pytest.approx(2)
