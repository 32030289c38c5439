"""The audit trail: who changed what, when, in a chain that nobody can edit unseen."""
