-- +goose Up
-- A change of a bank's form: one submits it, another decides on it. What is
-- approved becomes the version after the one that it was made from.
CREATE TABLE application_form_change (
  id            VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id       VARCHAR(40) NOT NULL,
  base_version  INT         NOT NULL,
  body          TEXT        NOT NULL, -- JSON, see card.FormPlan
  state         VARCHAR(10) NOT NULL,
  open_key      VARCHAR(40),          -- who submitted it, while it waits: one at a time each
  submitted_by  VARCHAR(40) NOT NULL,
  submitted_at  DATETIME(6) NOT NULL,
  decided_by    VARCHAR(40),          -- of what was withdrawn: who submitted it
  decided_at    DATETIME(6),
  reject_reason VARCHAR(200),
  version       INT,                  -- that it became
  CHECK (base_version >= 0),
  CHECK (state IN ('submitted','approved','rejected','withdrawn')),
  CHECK ((state = 'submitted') = (open_key IS NOT NULL)),
  CHECK ((state = 'submitted') = (decided_by IS NULL)),
  CHECK ((state = 'submitted') = (decided_at IS NULL)),
  CHECK (decided_by IS NULL OR (state = 'withdrawn') = (decided_by = submitted_by)),
  CHECK ((state = 'rejected') = (reject_reason IS NOT NULL)),
  CHECK ((state = 'approved') = (version IS NOT NULL)),
  CHECK (version IS NULL OR version = base_version + 1)
);
CREATE UNIQUE INDEX application_form_change_open ON application_form_change (open_key);
CREATE UNIQUE INDEX application_form_change_version ON application_form_change (bank_id, version);
CREATE INDEX application_form_change_bank ON application_form_change (bank_id, id);

-- Who approved a version; none for what came with the bank, and for those from
-- before changes took two.
ALTER TABLE application_form ADD COLUMN approved_by VARCHAR(40);

-- +goose Down
ALTER TABLE application_form DROP COLUMN approved_by;
DROP TABLE application_form_change;
