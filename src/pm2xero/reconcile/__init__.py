"""Do both ledgers agree to the cent? The PM side from declared postings, Xero's from its reports."""
