"""A YAML editor that keeps every byte that an edit does not name. It knows nothing of stickgen's keys."""
