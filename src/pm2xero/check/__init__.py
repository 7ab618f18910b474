"""Whether a firm and its Xero organisation are set up for what the pack sends; pure."""
