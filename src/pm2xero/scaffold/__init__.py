"""Files to start a region, a firm or a kind with; all of them validate as they are."""
