"""The admin's pages of the company: people, numbers, hours, connectors, retention."""
