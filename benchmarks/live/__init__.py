"""Live: what a message to everybody costs, beside a bare loop and other servers, and what storms and silence do."""
