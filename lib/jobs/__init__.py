"""The queue's side of work that outlives a page: supervisor, worker, attempts, progress events."""
