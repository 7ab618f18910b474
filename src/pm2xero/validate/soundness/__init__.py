"""Does every mapping book what its kind declares? Proved by booking generated transactions."""

from pm2xero.validate.soundness.check import SoundnessReport, check_soundness

__all__ = ["SoundnessReport", "check_soundness"]
