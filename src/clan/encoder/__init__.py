"""The network that maps a flow to a direction, its scaler, and the model file. Needs no torch to score or load."""

from clan.encoder.mlp import Encoder
from clan.encoder.model_file import FORMAT_VERSION, model_digest, read_model, write_model
from clan.encoder.scaler import SCALERS, Scaler, fit_scaler, scaler_for_groups

__all__ = [
    "FORMAT_VERSION",
    "SCALERS",
    "Encoder",
    "Scaler",
    "fit_scaler",
    "model_digest",
    "read_model",
    "scaler_for_groups",
    "write_model",
]
