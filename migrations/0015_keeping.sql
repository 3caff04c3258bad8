-- +goose Up

-- Which key-encryption key wraps it, '' for one that was wrapped before this was
-- noted; retired once nothing is sealed under it any more.
ALTER TABLE wrapped_key ADD COLUMN kek_id VARCHAR(40) NOT NULL DEFAULT '';
ALTER TABLE wrapped_key ADD COLUMN retired_at DATETIME(6);

-- An erased person's row stays, without the person.
ALTER TABLE viewer ADD COLUMN erased_at DATETIME(6);

-- When what was said and done in a room began to be deleted, and when all of it
-- was that no legal hold keeps.
ALTER TABLE room ADD COLUMN clearing_at DATETIME(6);
ALTER TABLE room ADD COLUMN cleared_at DATETIME(6);

-- What may not be erased or deleted, for a court or an authority. One thing may
-- be held for several reasons.
CREATE TABLE legal_hold (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  object_kind VARCHAR(20)  NOT NULL,
  object_id   VARCHAR(40)  NOT NULL,
  reason      VARCHAR(300) NOT NULL,
  set_by      VARCHAR(40)  NOT NULL,
  set_at      DATETIME(6)  NOT NULL,
  lifted_by   VARCHAR(40),
  lifted_at   DATETIME(6),
  lift_reason VARCHAR(300),
  CHECK (object_kind IN ('person','order','application','room')),
  CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE INDEX legal_hold_object ON legal_hold (bank_id, object_id, lifted_at);

-- What was erased of a person, or deleted because its time was over. digest is
-- of items, and stands in the audit chain as well. Append-only.
CREATE TABLE proof (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  kind        VARCHAR(10)  NOT NULL,
  subject     VARCHAR(40)  NOT NULL, -- the viewer, or the class of data
  reason      VARCHAR(300) NOT NULL,
  items       TEXT         NOT NULL, -- JSON: table, column, count, range
  digest      VARCHAR(64)  NOT NULL,
  actor_kind  VARCHAR(10)  NOT NULL,
  actor_id    VARCHAR(40)  NOT NULL,
  at          DATETIME(6)  NOT NULL,
  CHECK (kind IN ('erasure','keeping'))
);
CREATE INDEX proof_subject ON proof (bank_id, subject);

-- From which id on a class's rows are still to be looked at.
CREATE TABLE keeping_mark (
  bank_id     VARCHAR(40)  NOT NULL,
  part        VARCHAR(40)  NOT NULL,
  from_id     VARCHAR(60)  NOT NULL,
  PRIMARY KEY (bank_id, part)
);

-- What a person said is found by the person.
CREATE INDEX chat_message_viewer ON chat_message (bank_id, viewer_id);
CREATE INDEX lottery_entry_viewer ON lottery_entry (bank_id, viewer_id);

-- +goose Down
-- The indexes go with their tables: to drop one is not the same statement on
-- both engines.
DROP TABLE keeping_mark;
DROP TABLE proof;
DROP TABLE legal_hold;
ALTER TABLE room DROP COLUMN cleared_at;
ALTER TABLE room DROP COLUMN clearing_at;
ALTER TABLE viewer DROP COLUMN erased_at;
ALTER TABLE wrapped_key DROP COLUMN retired_at;
ALTER TABLE wrapped_key DROP COLUMN kek_id;
