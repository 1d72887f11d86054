"""How much of the main thread the pages take, beside EventCalendar on the same data."""
