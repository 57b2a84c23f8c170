"""Tables as files: labelled data sets of the literature, and labels for flows."""

from clan.sources.tabular.flow_labels import label_flows, read_labels

__all__ = ["label_flows", "read_labels"]
