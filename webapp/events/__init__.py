"""What happened, in order: event types and the log."""
