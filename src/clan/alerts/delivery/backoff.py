"""How long to wait before the next try."""

from __future__ import annotations

import random


class Backoff:
    """Exponential backoff with full jitter: the n-th wait is uniform between 0 and `first_s * 2^n`, capped.

    Many sensors that lose the same receiver come back spread over the whole interval. Source: M. Brooker, "Exponential
    Backoff And Jitter", AWS Architecture Blog, 2015. A tenth of the interval is always waited, so that no try comes at
    once.

    Args:
        first_s: Upper end of the first wait in seconds, > 0.
        most_s: Cap of the upper end in seconds, >= `first_s`.
        random_state: Where the jitter comes from; default: the system.
    """

    def __init__(
        self, first_s: float = 0.5, most_s: float = 60.0, *, random_state: random.Random | None = None
    ) -> None:
        self.first_s, self.most_s = first_s, most_s
        self._random = random_state or random.SystemRandom()
        self.tries = 0

    def wait_s(self) -> float:
        """Give the next wait in seconds, in [0.1, 1] times its upper end."""
        upper = min(self.most_s, self.first_s * 2.0 ** min(self.tries, 60))
        self.tries += 1
        return self._random.uniform(0.1 * upper, upper)

    def succeeded(self) -> None:
        """Start over."""
        self.tries = 0
