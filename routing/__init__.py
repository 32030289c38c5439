"""Who should take this call: skills, agents' states, waiting calls, the choice and its receipt; offers, assignments.

The rules (`skills`, `agents`, `waiting`, `receipts`, `matching`) are pure; `tables`, `store`, `dispatch` and `reports`
keep them in the database of whoever passes a session in. A call is a `call_id` here, and nothing is known of telephones,
flows or customers.
"""
