"""The workspace on disk: paths, database, datasets, runs, queue, snapshots, publishing."""
