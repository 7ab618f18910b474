"""Copy a law firm's Practice Management accounting into Xero, one way, as declared in YAML."""

__version__ = "0.1.0"
