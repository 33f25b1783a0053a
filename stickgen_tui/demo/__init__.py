"""A recorded training, replayed: what the monitor shows, without waiting for one (`stickgen-tui --demo`)."""
