"""What Roundup loads or is served by."""
