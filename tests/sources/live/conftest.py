"""The fake capture tool, for the tests of this folder."""

from tests.sources.live.fake import install, recorded

__all__ = ["install", "recorded"]
