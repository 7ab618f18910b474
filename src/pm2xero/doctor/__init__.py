"""What is assumed of Xero and only a live organisation can confirm, and the checks that ask it."""
