"""`clan calibrate`: set the threshold of a model anew, in seconds, without training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clan.cli.console import err, write_json
from clan.cli.options import (
    AlertsPerDay,
    BenignOnly,
    By,
    Days,
    Fdr,
    Format,
    Fpr,
    IncidentsPerDay,
    Join,
    Json,
    Model,
    More,
    Quiet,
    Read,
    Strict,
    Wanted,
    Workers,
    keys_of,
)
from clan.counted import counted
from clan.errors import ConfigError

if TYPE_CHECKING:
    from clan.calibrate import Budget, Calibration
    from clan.drift import Proposal, Verdicts
    from clan.monitor import LoadedModel
    from clan.sources.tabular import LabelledAsAttacks


def command(
    model: Model,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="MODEL", help="Where the model goes; by default in its own place."),
    ] = None,
    more: More = None,
    read: Read = None,
    alerts_per_day: AlertsPerDay = None,
    incidents_per_day: IncidentsPerDay = None,
    fpr: Fpr = None,
    fdr: Fdr = None,
    by: By = None,
    days: Days = None,
    benign_only: BenignOnly = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="You know that these flows are benign: leave none out, refuse nothing.")
    ] = False,
    verdicts: Annotated[
        str | None,
        typer.Option(
            "--verdicts",
            metavar="STORE.db",
            help="With -r: of these flows, leave out what was judged malicious; what was judged benign counts, "
            "whatever its host does.",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", metavar="N", min=0, help="Earlier versions to keep, in MODEL.versions.", show_default="5"
        ),
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the version before; the present one is kept as a version.")
    ] = False,
    to: Annotated[
        int | None, typer.Option("--to", metavar="N", help="With --rollback: to this version.", show_default=False)
    ] = None,
    format_name: Format = None,
    join: Join = False,
    strict: Strict = False,
    workers: Workers = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Set the threshold anew, from new benign flows (-r) or, without any, for another budget.

    Unless you vouch for the flows (--trust), hosts that alert far more often than the others are left out, the
    threshold may rise only so far, and what looks like an attack is refused.
    """
    from clan.cli.places import check_output
    from clan.monitor import LoadedModel
    from clan.sources.tabular import LabelledAsAttacks

    paths, target = [*(read or []), *(more or [])], output or model
    budget = _budget_of(alerts_per_day=alerts_per_day, incidents_per_day=incidents_per_day, fpr=fpr, fdr=fdr)
    if rollback:
        if paths or budget or by or output:
            raise ConfigError("--rollback goes with -m and --to alone")
        _roll_back(model, to, json=json, quiet=quiet)
        return
    keys = keys_of(by)
    about_flows = by is not None or days is not None or trust or bool(verdicts) or benign_only
    _check(paths, budget, about_flows=about_flows, to=to)
    check_output(target, inputs=paths)
    loaded = LoadedModel.open(model)
    if keys is not None:
        loaded.detector.set_params(thresholds_by=keys)
    proposal = None
    if paths:
        wanted = Wanted(
            paths=paths,
            interfaces=[],
            bpf=None,
            tool=None,
            format_name=format_name,
            join=join,
            strict=strict,
            workers=workers,
        )
        judged = None if verdicts is None else _verdicts_of(verdicts)
        attacks = LabelledAsAttacks(benign_only=benign_only)
        proposal = _propose(loaded, wanted, budget, judged, days=days, trust=trust, attacks=attacks, quiet=quiet)
        if json and proposal.calibration is None:
            write_json({"model": model, **proposal.as_json()})
        loaded.detector.calibration_ = _accepted(proposal)
    else:
        loaded.detector.calibrate(budget=budget)
    _write(loaded, target, keep=keep)
    if json:
        found = {} if proposal is None else proposal.as_json()
        write_json({"model": target, **found, "calibration": loaded.detector.manifest_["calibration"]})
    if not quiet:
        _tell(loaded, proposal, target)


def _check(paths: list[str], budget: Budget | None, *, about_flows: bool, to: int | None) -> None:
    """Raise where options do not go together."""
    if to is not None:
        raise ConfigError("--to is for --rollback")
    if not paths and budget is None:
        raise ConfigError(
            "nothing to do: give benign flows with -r, another budget (--alerts-per-day, --fpr, --fdr), or --rollback"
        )
    if not paths and about_flows:
        raise ConfigError("--by, --days, --trust, --benign-only and --verdicts are about flows: name them with -r")


def _budget_of(**asked: float | None) -> Budget | None:
    """Give the budget that was asked for; None for that of the model."""
    from clan.calibrate import Budget

    budget = Budget(**asked)
    return budget if budget.asked or budget.fdr is not None else None


def _accepted(proposal: Proposal) -> Calibration:
    """Give the new calibration.

    Raises:
        DataError: It was refused.
    """
    from clan.errors import DataError

    if proposal.calibration is None:
        hint = ". --trust if you know that all is benign" if proposal.guarded else ""
        raise DataError(f"not calibrated: {'; '.join(proposal.refusals)}{hint}")
    return proposal.calibration


def _verdicts_of(store: str) -> Verdicts:
    """Read what was judged from a store."""
    from clan.cli.storing import open_store
    from clan.drift import Verdicts

    with open_store(store) as opened:
        flows = opened.judged()
    said = {name: frozenset(flows.filter(verdict=name)["uid"]) for name in ("benign", "malicious")}
    return Verdicts(benign=said["benign"], malicious=said["malicious"])


def _propose(
    loaded: LoadedModel,
    wanted: Wanted,
    budget: Budget | None,
    verdicts: Verdicts | None,
    *,
    days: float | None,
    trust: bool,
    attacks: LabelledAsAttacks,
    quiet: bool,
) -> Proposal:
    """Score flows and make a calibration of them."""
    from clan.cli.reading import WATCHED, tell
    from clan.drift import Guard, Recalibrator

    reader = loaded.reader(wanted, readers=WATCHED)
    recalibrator = Recalibrator(loaded.detector, guard=None if trust else Guard())
    for batch in reader.batches():
        kept = attacks.of(batch)
        if kept.height:
            recalibrator.update(loaded.detector.judge(kept), verdicts=verdicts)
    if not quiet:
        tell(reader.report)
    if (said := attacks.sentence()) is not None:
        err.warning(said)
    return recalibrator.propose(budget, days=days)


def _write(loaded: LoadedModel, target: str, *, keep: int | None) -> None:
    from clan.cli.places import written
    from clan.detect.versions import KEPT, replace_model

    save = loaded.detector.save if loaded.namer is None else loaded.namer.save
    with written(target):
        replace_model(target, save, keep=KEPT if keep is None else keep)


def _roll_back(model: str, number: int | None, *, json: bool, quiet: bool) -> None:
    """Put an earlier version back."""
    from clan.cli.places import written
    from clan.detect.versions import roll_back
    from clan.monitor import LoadedModel

    with written(model):
        version = roll_back(model, number)
    loaded = LoadedModel.open(model)
    if json:
        write_json({"model": model, "version": version.number, "model_id": loaded.model_id})
    if not quiet:
        err.note(f"{model} is version {version.number} again (model {loaded.model_id})")


def _tell(loaded: LoadedModel, proposal: Proposal | None, target: str) -> None:
    """Say what changed."""
    new = loaded.detector.calibration_
    if proposal is not None:
        if proposal.hosts:
            named = ", ".join(host.host for host in proposal.hosts[:5])
            err.warning(
                f"left out {proposal.n_left_out:,} of {counted(proposal.n_flows, 'flow')}, of "
                f"{counted(len(proposal.hosts), 'host')} alerting far more often than the others: {named}"
            )
        low, high = proposal.rate_interval
        err.note(
            f"at the threshold before, {proposal.threshold_before:.4f}, {proposal.rate:.3%} of the other flows alerted "
            f"({low:.3%} to {high:.3%}); expected {proposal.expected:.3%}"
        )
        if proposal.capped:
            err.warning(
                "the threshold rises no further at once: more flows will alert than the budget allows. Calibrate again "
                "later, train again, or --trust these flows"
            )
    err.note(
        f"budget: {new.budget}; threshold {new.threshold:.4f} from {counted(new.n, 'flow')}; "
        f"expected false-positive rate {new.expected_fpr:.3%}"
    )
    interval = new.alerts_per_day_interval
    if interval is not None:
        low, high = interval
        err.note(f"expected false alarms a day: {new.expected_alerts_per_day:.1f} (95 % of days {low:,} to {high:,})")
    if new.groups is not None:
        err.note(f"a threshold for each of {counted(len(new.groups.cells), 'group')} by {', '.join(new.groups.by)}")
    err.note(f"wrote {target} (model {loaded.detector.model_id_})")
