BEGIN TRANSACTION;
CREATE TABLE datasets (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, notes TEXT NOT NULL DEFAULT '', shape TEXT NOT NULL,
        created TEXT NOT NULL, counts TEXT NOT NULL, deleted TEXT
    );
INSERT INTO "datasets" VALUES('fc399476f4ae','Support desk','','pairs','2026-11-24T23:45:29+00:00','{"train": 261, "validation": 37, "held_out": 74}',NULL);
CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, kind TEXT NOT NULL, run TEXT NOT NULL,
        payload TEXT NOT NULL, state TEXT NOT NULL, position REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
        token TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', created TEXT NOT NULL, started TEXT, ended TEXT
    );
INSERT INTO "jobs" VALUES(1,'train-8dbb3caa39','train','8dbb3caa39','{}','succeeded',1.0,1,'b00c50d9fce547eda89c5254d5a9ed47','','2026-11-24T23:45:29+00:00','2026-11-24T23:45:30+00:00','2026-11-24T23:46:28+00:00');
INSERT INTO "jobs" VALUES(2,'project-after-b00c50d9fce547eda89c5254d5a9ed47','project','8dbb3caa39','{}','succeeded',2.0,1,'d908504754334d0cb3a7cd9930105e6a','','2026-11-24T23:46:28+00:00','2026-11-24T23:46:32+00:00','2026-11-24T23:46:40+00:00');
INSERT INTO "jobs" VALUES(3,'evaluate-after-b00c50d9fce547eda89c5254d5a9ed47','evaluate','8dbb3caa39','{}','succeeded',1.999,1,'7949518ffb8946a89ab1ac1b960edc35','','2026-11-24T23:46:28+00:00','2026-11-24T23:46:28+00:00','2026-11-24T23:46:32+00:00');
CREATE TABLE runs (
        id TEXT PRIMARY KEY, key TEXT UNIQUE, name TEXT NOT NULL, note TEXT NOT NULL DEFAULT '',
        starred INTEGER NOT NULL DEFAULT 0, dataset TEXT NOT NULL, model TEXT NOT NULL, recipe TEXT NOT NULL,
        heading TEXT NOT NULL DEFAULT '', created TEXT NOT NULL, headline TEXT, deleted TEXT
    );
INSERT INTO "runs" VALUES('8dbb3caa39','98038c89f32140699c28f586e289663c','Support desk, all-MiniLM-L6-v2','',0,'fc399476f4ae','sentence-transformers/all-MiniLM-L6-v2','{"loss": "MultipleNegativesRanking", "epochs": 4, "batch_size": 64, "learning_rate": 0.0001, "warmup": 0.1, "schedule": "linear", "weight_decay": 0.0, "max_length": 0, "precision": "auto", "dropout": 0.0, "packed": true, "seed": 42, "threads": 0, "evaluate_every": 1, "patience": 2, "frozen_layers": 0, "lora_rank": 0, "matryoshka": [], "hard_negatives": 0, "negative_margin": 0.05, "negative_relative_margin": 0.0, "negative_skip": 0, "negative_range": 50, "directions": "query_to_doc", "scale": 20.0, "margin": 0.0, "device": "auto"}','','2026-11-24T23:45:29+00:00','{"metric": "accuracy@1", "verdict": "better", "held_out": 74, "base": 0.2972972972972973, "tuned": 0.5, "difference": 0.2027027027027027, "low": 0.10586819192176145, "high": 0.3365092335411723}',NULL);
CREATE INDEX jobs_by_state ON jobs (state, position);
CREATE INDEX jobs_by_run ON jobs (run, kind);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',9);
COMMIT;
PRAGMA user_version=1;
