"""`clan finetune`: teach a model the names of a few labelled flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err, write_json
from clan.cli.options import Format, Join, Json, Model, More, Quiet, Read, Strict, UnknownShare, inputs
from clan.counted import counted

if TYPE_CHECKING:
    import polars as pl

    from clan.classify import FlowClassifier
    from clan.cli.reading import WatchedReader
    from clan.detect import ClanDetector

MIN_CLASS_FLOWS = 2
"""A class of one flow cannot be held out, and says nothing of what varies within the class."""


def command(
    model: Model,
    output: Annotated[str, typer.Option("-o", "--output", metavar="MODEL", help="Where the model file goes.")],
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="LABELS.csv",
            help="Names: label, and uid or hosts with ts_start and ts_end; by default those that -r brings with it.",
            show_default=False,
        ),
    ] = None,
    verdicts: Annotated[
        str | None,
        typer.Option(
            "--verdicts",
            metavar="STORE.db",
            help="Learn from the verdicts of this store, beside labels or without.",
            show_default=False,
        ),
    ] = None,
    more: More = None,
    read: Read = None,
    benign: Annotated[
        list[str] | None,
        typer.Option("--benign", metavar="PATH", help="Captures without attacks, as for clan train; repeatable."),
    ] = None,
    rest_is_benign: Annotated[
        bool, typer.Option("--rest-is-benign", help="Flows that no label means are benign; without it they are unused.")
    ] = False,
    head: Annotated[
        str | None, typer.Option("--head", help="trees (the default), linear or prototypes.", show_default=False)
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Train the whole network, as published, in place of a head on a fixed one.")
    ] = False,
    unknown_share: UnknownShare = 0.05,
    seed: Annotated[int, typer.Option("--seed", help="The same seed and input give the same model.")] = 0,
    format_name: Format = None,
    join: Join = False,
    strict: Strict = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn names from labelled captures; the new model detects as the old one does, and can name what it finds."""
    from clan.classify import FlowClassifier
    from clan.classify.heads import head_class
    from clan.cli.places import check_output, written
    from clan.cli.reading import WatchedReader, tell
    from clan.detect import ClanDetector
    from clan.monitor import check_reader, columns_of, flow_settings_of, groups_of_model
    from clan.sources.tabular import carried_labels, read_labels

    _check_lessons(read or more, labels, verdicts)
    paths = inputs(read, more) if labels is not None or read or more else []
    head_class(head, frozen=not full)
    check_output(output, inputs=[*paths, *(benign or []), *(each for each in (labels, verdicts) if each)])
    detector = ClanDetector.load(model)

    def reader_of(where: list[str]) -> WatchedReader:
        reader = WatchedReader(
            where,
            settings=flow_settings_of(detector),
            features=groups_of_model(detector),
            format_name=format_name,
            join=join,
            strict=strict,
            columns=columns_of(detector),
        )
        check_reader(detector, reader)
        return reader

    lessons, n_idle = [], 0
    if paths:
        windows, reader = None if labels is None else read_labels(labels), reader_of(paths)
        flows = _read(reader)
        windows = carried_labels(flows) if windows is None else windows
        if not quiet:
            tell(reader.report)
        flows, names, n_idle = _labelled(
            flows, windows, detector, rest_is_benign=rest_is_benign, labels=labels or "the data"
        )
        lessons.append((flows, names))
    if verdicts is not None:
        lessons.append(_judged(verdicts, detector))
    flows, names = _together(lessons, detector)
    benign_rows = _read(reader_of(benign)) if benign else None
    classifier = FlowClassifier(detector, head=head, frozen=not full, unknown_share=unknown_share, random_state=seed)
    classifier.fit(flows, names.to_numpy(), benign_rows=benign_rows)
    with written(output):
        classifier.save(output)
    counts = {str(name): int(count) for name, count in names.value_counts(sort=True).iter_rows()}
    if json:
        write_json({"model": output, "classes": counts, "labels_without_flows": n_idle, "unknown_share": unknown_share})
    if not quiet:
        _tell(classifier, counts, n_idle, 0 if benign_rows is None else benign_rows.height, output)


def _read(reader: WatchedReader) -> pl.DataFrame:
    import polars as pl

    return pl.concat(list(reader.batches()))


def _labelled(
    flows: pl.DataFrame, windows: pl.DataFrame, detector: ClanDetector, *, rest_is_benign: bool, labels: str
) -> tuple[pl.DataFrame, pl.Series, int]:
    """Keep the flows that have a name; gives them, their names, and how many labels mean no flow.

    Raises:
        DataError: No label means a flow.
    """
    from clan.errors import DataError
    from clan.sources.tabular import label_flows

    names, n_idle = label_flows(flows, windows)
    if names.null_count() == len(names):
        span = flows.select(first=flows["ts_start"].min(), last=flows["ts_start"].max()).row(0)
        raise DataError(
            f"no flow is meant by {counted(windows.height, 'line')} of {labels}; {counted(flows.height, 'flow')} start "
            f"between {span[0]} and {span[1]}: compare times (UTC where no zone is named), hosts and uids"
        )
    if rest_is_benign:
        names = names.fill_null("benign")
    known = names.is_not_null()
    flows, names = flows.filter(known), names.filter(known)
    missing = [feature.name for feature in detector.features_ if feature.name not in flows.columns]
    if missing:
        raise DataError(f"the model needs features that these captures do not give: {', '.join(missing[:8])}")
    return flows, names, n_idle


def _check_lessons(paths: list[str] | None, labels: str | None, verdicts: str | None) -> None:
    """Raise unless it is clear what to learn from."""
    from clan.errors import ConfigError

    if labels is None and verdicts is None and not paths:
        raise ConfigError(
            "nothing to learn from: give --labels with captures (-r), or --verdicts with a store, or data that bring "
            "their labels (-r alone)"
        )


def _judged(store: str, detector: ClanDetector) -> tuple[pl.DataFrame, pl.Series]:
    """Give the judged flows of a store, and their names: the class, `malicious` where it has none, or `benign`.

    Raises:
        DataError: No verdict, or none on alerts of a model with these features.
    """
    import polars as pl

    from clan.cli.storing import open_store
    from clan.errors import DataError

    with open_store(store) as opened:
        flows = opened.judged()
    missing = [feature.name for feature in detector.features_ if feature.name not in flows.columns]
    if flows.is_empty() or missing:
        more = f": these features are not in it: {', '.join(missing[:8])}" if len(flows) else ""
        raise DataError(f"{store} holds no verdict on an alert of a model like this one{more}; clan verdict gives them")
    return flows, flows.select(pl.coalesce("label", "verdict")).to_series().alias("label")


def _together(lessons: list[tuple[pl.DataFrame, pl.Series]], detector: ClanDetector) -> tuple[pl.DataFrame, pl.Series]:
    """Put labelled and judged flows into one table.

    Raises:
        DataError: A class has one flow only.
    """
    import polars as pl

    from clan.errors import DataError
    from clan.schema import IDENTITY

    # with uid and time it is a flow table, in which null means that a source could not tell; verdicts keep no times
    identity = (pl.col("uid"), pl.lit(None, IDENTITY["ts_start"]).alias("ts_start"))
    columns = [pl.col(feature.name).cast(pl.Float64) for feature in detector.features_]
    flows = pl.concat([flows.select(*identity, *columns) for flows, _ in lessons])
    names = pl.concat([names.cast(pl.String).alias("label") for _, names in lessons])
    rare = [str(name) for name, count in names.value_counts().iter_rows() if count < MIN_CLASS_FLOWS]
    if rare:
        raise DataError(
            f"one flow only is labelled {', '.join(sorted(rare))}. A class needs {MIN_CLASS_FLOWS} or more: label "
            "more, or take it out"
        )
    return flows, names


def _tell(classifier: FlowClassifier, counts: dict[str, int], n_idle: int, n_benign: int, output: str) -> None:
    """Say what was learnt."""
    err.note("labelled flows: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    if n_benign:
        err.note(f"and {counted(n_benign, 'flow')} of the benign captures")
    if n_idle:
        err.warning(f"no flow of these captures is meant by {counted(n_idle, 'label')}")
    err.note(
        f"a flow is called unknown where its unknown score exceeds {classifier.unknown_threshold_:.3f}, "
        f"as {classifier.unknown_share:.0%} of the labelled flows did when held out"
    )
    err.note(f"wrote {output}")
