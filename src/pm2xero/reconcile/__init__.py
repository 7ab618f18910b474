"""Do both ledgers agree? One side from declared postings, the other from Xero's reports."""
