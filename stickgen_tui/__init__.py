"""The terminal app. It knows no torch: what it shows, it reads from the run directory."""
