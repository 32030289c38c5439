"""The conductor: an event of a call goes in, what to answer the carrier comes out; performs what is ours. No Flask."""
