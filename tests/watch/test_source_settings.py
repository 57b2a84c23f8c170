"""What is read, and how it is named."""

from __future__ import annotations

from clan.watch.source_settings import SourceSettings


def test_a_source_is_named_without_its_password() -> None:
    settings = SourceSettings(follow=("redis://clan:s3cret@127.0.0.1/suricata", "eve.json"))
    assert str(settings) == "redis://127.0.0.1/suricata, eve.json"
