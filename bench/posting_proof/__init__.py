"""The proof of the posting pipeline: `python -m bench.posting_proof`. See docs/proof.md."""
