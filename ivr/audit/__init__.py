"""The audit trail: who changed what of the company, and when. Rows are added, never changed."""
