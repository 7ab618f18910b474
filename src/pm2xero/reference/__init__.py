"""The reference in `docs/reference/`, made from the package's own schemas, packs and commands."""
