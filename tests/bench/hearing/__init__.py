"""The hearing bench: each part measures on its own and gives its figures; `python -m tests.bench.hearing` joins them."""
