"""The lab: records labelled captures of a small site that is made of network namespaces. See docs/lab.md."""
