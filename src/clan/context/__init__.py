"""What the hosts of a flow did shortly before it: windows over flows, whatever their source."""

from clan.context.engine import ContextEngine
from clan.context.settings import ContextSettings

__all__ = ["ContextEngine", "ContextSettings"]
