"""Reward rules with budgets: application, check, review, publication, payment, claw-back."""
