"""Several captures read at once, by processes that hand their flows over in the order of the captures."""

from clan.sources.workers.number import check_workers, usual_workers
from clan.sources.workers.pool import WorkerPool

__all__ = ["WorkerPool", "check_workers", "usual_workers"]
