"""What the line does and says, as data: flow, prompts and their versions. It imports nothing of the service."""
