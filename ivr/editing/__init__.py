"""What the line does and says, as admins edit it: the draft, versions, publications, scenarios, recordings."""
