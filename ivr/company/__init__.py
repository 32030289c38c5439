"""What an admin sets of the company while it runs: hours, numbers, how long data are kept. The settings file has the defaults."""
