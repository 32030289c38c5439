"""Whom the company deals with: customers, their contacts on every channel, cases that stay open, consents, orders and returns."""
