-- The state of the engine. The same text for SQLite and PostgreSQL: moments are microseconds since 1970 in UTC, booleans
-- are 0 and 1, lists and documents are JSON as text.

-- One row: who this state is, how often it changed, the last number given out, and the head of the audit chain. Whoever
-- changes several tables updates this row first, so that transactions wait for each other here and nowhere else.
CREATE TABLE state (
  one BIGINT PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  revision BIGINT NOT NULL,
  last_id BIGINT NOT NULL,
  chain_seq BIGINT NOT NULL,
  chain_hash TEXT NOT NULL
);

-- The last good read of each source.
CREATE TABLE source (
  name TEXT PRIMARY KEY,
  read_at BIGINT NOT NULL,
  persons BIGINT NOT NULL,
  blocked BIGINT NOT NULL
);

-- `occurrence` tells rows apart that the source gave under one id.
CREATE TABLE source_row (
  source TEXT NOT NULL REFERENCES source (name) ON DELETE CASCADE,
  external_id TEXT NOT NULL,
  occurrence BIGINT NOT NULL,
  digest TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (source, external_id, occurrence)
);

-- What everybody holds, as the targets confirmed it.
CREATE TABLE held (
  target TEXT NOT NULL,
  person TEXT NOT NULL,
  entitlement TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  since BIGINT NOT NULL,
  because TEXT NOT NULL,
  reference TEXT,
  data TEXT NOT NULL,
  seen TEXT NOT NULL,
  subs TEXT NOT NULL,
  PRIMARY KEY (target, person, entitlement)
);

-- All open actions of one person in one target, carried out by whoever has the lease.
CREATE TABLE job (
  id BIGINT PRIMARY KEY,
  batch TEXT NOT NULL,
  target TEXT NOT NULL,
  person TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  token TEXT,
  worker TEXT,
  lease_until BIGINT,
  taken_over BIGINT NOT NULL,
  UNIQUE (target, person)
);
CREATE INDEX job_token ON job (token);

-- `state` is pending; sent, and nobody knows yet what became of it; failed; or doubt: it was sent, never answered, and is
-- not sent again, but stays until a later plan has settled it. What succeeded is gone from here; the audit has it.
CREATE TABLE action (
  id BIGINT PRIMARY KEY,
  job BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
  verb TEXT NOT NULL,
  permission TEXT,
  payload TEXT NOT NULL,
  because TEXT NOT NULL,
  person_name TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  error_kind TEXT
);
CREATE INDEX action_job ON action (job);

-- One row: the planner at work, and when the next plan is due.
CREATE TABLE lead (
  one BIGINT PRIMARY KEY CHECK (one = 1),
  token TEXT,
  worker TEXT,
  lease_until BIGINT,
  wake BIGINT
);

CREATE TABLE audit (
  seq BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  recorded BIGINT NOT NULL,
  target TEXT NOT NULL,
  person TEXT NOT NULL,
  person_name TEXT NOT NULL,
  verb TEXT NOT NULL,
  entitlements TEXT NOT NULL,
  change TEXT NOT NULL,
  permission TEXT,
  because TEXT NOT NULL,
  reference TEXT,
  success BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  message TEXT NOT NULL,
  fields TEXT NOT NULL,
  plan TEXT NOT NULL,
  worker TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX audit_person ON audit (person);
