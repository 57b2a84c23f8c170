"""Every error and warning that clan raises, by who can act on it.

```
ClanError(Exception)
├─ ConfigError(+ValueError)            a setting: key, value, what is allowed
│  ├─ UnknownNameError                 a name that is in no registry, with the nearest one that is
│  └─ SettingsError                    everything that is wrong with a configuration, one message each
├─ SchemaError(+ValueError)            columns that are missing, extra or mean something else
├─ DataError(+ValueError)              too few rows, no usable times, nothing finite
├─ SourceError                         what could not be read
│  ├─ SourceUnavailable(+OSError)      no such file (traffic, labels, hosts ...), no permission, an empty folder
│  ├─ UnsupportedFormat                not a format that clan reads
│  ├─ MalformedRecord(+ValueError)     a record that lies about itself; raised only when strict
│  └─ NoFlows                          everything was read and nothing was a flow; says why
├─ TrainingError                       non-finite loss, collapsed embedding
├─ ModelFileError                      unreadable, foreign, damaged, newer
├─ MissingExtra(+ImportError)          an optional library is not installed; gives the install line
├─ SinkError                           where alerts go; knows whether to try again
└─ StoreError                          where they are kept: unreadable, foreign, newer; nothing of that name in it
ClanWarning(UserWarning)
├─ DataQualityWarning                  truncated captures, training data that look contaminated
└─ TrainingWarning                     interrupted, stopped early for a reason worth knowing
```

A message says what was expected, what was found, where, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ClanError(Exception):
    """Base of every error that clan raises on purpose."""


class ConfigError(ClanError, ValueError):
    """A setting has a value that it cannot have."""


class UnknownNameError(ConfigError):
    """A name that no registry holds.

    Args:
        kind: What was looked up, for instance ``"scorer"``.
        name: The name that was asked for.
        options: The names that exist.
    """

    def __init__(self, kind: str, name: str, options: Iterable[str]) -> None:
        self.kind, self.name, self.options = kind, name, sorted(options)
        nearest = difflib.get_close_matches(name, self.options, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        super().__init__(f"unknown {kind} {name!r}{hint} (known: {', '.join(self.options)})")


class SettingsError(ConfigError):
    """Several settings that cannot be, said together.

    Args:
        problems: What is wrong, a sentence each, at least one.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class SchemaError(ClanError, ValueError):
    """A table whose columns are not the ones that were expected."""


class DataError(ClanError, ValueError):
    """Rows that cannot serve the purpose: too few, without times, without a finite value."""


class SourceError(ClanError):
    """A source of traffic that could not be read."""


class SourceUnavailable(SourceError, OSError):
    """What is to be read is not there, or may not be read: traffic, or a file of hosts, labels or suppressions."""


class UnsupportedFormat(SourceError):
    """The source is there, but is in no format that clan reads."""


class MalformedRecord(SourceError, ValueError):
    """A record that contradicts itself; counted and skipped unless reading is strict."""


class NoFlows(SourceError):
    """Everything was read and no flow came of it; the message counts the reasons."""


class TrainingError(ClanError):
    """Training could not produce a usable encoder."""


class ModelFileError(ClanError):
    """A model file that is damaged, foreign, newer than this clan, or made for other input."""


class MissingExtra(ClanError, ImportError):
    """An optional library is needed and not installed.

    Args:
        library: The module that could not be imported.
        extra: The extra of ``clan-ids`` that brings it.
        purpose: What it is needed for, as the end of "... is needed to".
    """

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        self.library, self.extra = library, extra
        super().__init__(f"{library} is needed to {purpose}: pip install 'clan-ids[{extra}]'")


class SinkError(ClanError):
    """Alerts could not be written to where they should go.

    Args:
        message: What happened.
        retryable: Whether the same thing may work later: the receiver is away, or asks for patience. False where it
            refuses what it was given.
    """

    def __init__(self, message: str = "", *, retryable: bool = True) -> None:
        self.retryable = retryable
        super().__init__(message)


class StoreError(ClanError):
    """The store cannot be opened or written, or does not hold what was asked for."""


class ClanWarning(UserWarning):
    """Base of every warning that clan gives."""


class DataQualityWarning(ClanWarning):
    """The data were used, but something about them should be known."""


class TrainingWarning(ClanWarning):
    """Training ended in a way that should be known."""
