"""From documents to the outbox: intake, plan, corrections."""
