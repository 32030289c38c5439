"""Words to meaning: rules, a classifier behind an encoder's port, and slots.

It leaves what to do about a meaning to the flow.
"""
