"""Work that outlives the page: queue, supervisor, worker, events."""
