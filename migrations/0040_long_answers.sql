-- +goose Up
-- A report of ten thousand lines is one answer. The table is made anew: to widen a
-- column is not the same statement on both engines.
CREATE TABLE idempotency_new (
  bank_id     VARCHAR(40) NOT NULL,
  person_id   VARCHAR(40) NOT NULL,
  route       VARCHAR(80) NOT NULL,
  key_hash    VARCHAR(64) NOT NULL,
  body_hash   VARCHAR(64) NOT NULL,
  response    MEDIUMTEXT  NOT NULL,
  expires_at  DATETIME(6) NOT NULL,
  PRIMARY KEY (bank_id, person_id, route, key_hash)
);
INSERT INTO idempotency_new SELECT bank_id, person_id, route, key_hash, body_hash, response, expires_at FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE idempotency_new RENAME TO idempotency;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- +goose Down
-- Answers that are too long are forgotten.
CREATE TABLE idempotency_old (
  bank_id     VARCHAR(40) NOT NULL,
  person_id   VARCHAR(40) NOT NULL,
  route       VARCHAR(80) NOT NULL,
  key_hash    VARCHAR(64) NOT NULL,
  body_hash   VARCHAR(64) NOT NULL,
  response    TEXT        NOT NULL,
  expires_at  DATETIME(6) NOT NULL,
  PRIMARY KEY (bank_id, person_id, route, key_hash)
);
INSERT INTO idempotency_old SELECT bank_id, person_id, route, key_hash, body_hash, response, expires_at FROM idempotency WHERE LENGTH(response) <= 65535;
DROP TABLE idempotency;
ALTER TABLE idempotency_old RENAME TO idempotency;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
