"""Signing in to a real organisation: grants, where they are kept, and how they stay alive."""
