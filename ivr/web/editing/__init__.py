"""The admin's pages of what the line does and says: prompts, flow, intents, versions, trial calls, scenarios."""
