"""People who sign in: agents, supervisors and admins, their passwords and their open sign-ins."""
