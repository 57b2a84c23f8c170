"""Rate limits: a token bucket for each entity, by the time of the flows and not of the clock."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from clan.errors import ConfigError

_MOST_ENTITIES = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimit:
    """How many alerts of one entity go out: `count` at once, and as many in `seconds` in the long run.

    Attributes:
        count: Alerts, at least 1.
        seconds: > 0; an hour by default.

    Raises:
        ConfigError: A value is out of range.
    """

    count: float
    seconds: float = 3600.0

    def __post_init__(self) -> None:
        if not (self.count >= 1 and math.isfinite(self.count)):
            raise ConfigError(f"a rate limit must let at least 1 alert through, got {self.count:g}")
        if not (self.seconds > 0 and math.isfinite(self.seconds)):
            raise ConfigError(f"a rate limit must be for more than 0 seconds, got {self.seconds:g}")

    @property
    def per_s(self) -> float:
        """Alerts a second in the long run."""
        return self.count / self.seconds


class RateLimiter:
    """Says of each alert whether it may go out.

    The entities that were quiet for longest are forgotten beyond 100,000; their buckets are full again then.
    """

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allows(self, entity: str, time_us: int | None) -> bool:
        """Take a token from the bucket of an entity, if there is one.

        Args:
            entity: Whose alert it is.
            time_us: When, in microseconds of the epoch; None fills no bucket.
        """
        most = self.limit.count
        tokens, then_us = self._buckets.pop(entity, (most, time_us or 0))
        now_us = then_us if time_us is None else max(time_us, then_us)
        tokens = min(most, tokens + (now_us - then_us) / 1e6 * self.limit.per_s)
        allowed = tokens >= 1
        self._buckets[entity] = (tokens - allowed, now_us)
        if len(self._buckets) > _MOST_ENTITIES:
            self._buckets.popitem(last=False)
        return allowed
