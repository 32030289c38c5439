"""Thin views: sign-in, the agent's desk, the admin's page, health; voice webhooks and the media socket stand beside them."""
