"""Tables, of a row an interval, an event or a frame: one reader, and what it knows as data."""
