"""Token buckets: so many calls a second and a burst, per key, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from messenger_platform.errors import TooManyRequests


class TokenBuckets:
    """One bucket a key: `rate` tokens a second up to `burst`; the least recently used of `capacity` keys is forgotten.

    A forgotten key starts with a full bucket, so `capacity` must exceed the keys that are active within
    `burst / rate` seconds. `rate <= 0` switches the limit off.
    """

    def __init__(
        self, rate: float, burst: float, capacity: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._capacity = capacity
        self._clock = clock
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Take one token: 0.0 when there was one, otherwise the seconds until there will be."""
        if self._rate <= 0:
            return 0.0
        now = self._clock()
        tokens, then = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        wait = 0.0
        if tokens >= 1:
            tokens -= 1
        else:
            wait = (1 - tokens) / self._rate
        self._buckets[key] = (tokens, now)
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return wait

    def charge(self, key: Hashable) -> None:
        """Take one token, or raise `TooManyRequests`."""
        wait = self.take(key)
        if wait > 0:
            raise TooManyRequests(wait)
