-- +goose Up

-- A change of a bank's settings: where it touches money or keeping, one asks and
-- another confirms.
CREATE TABLE setting_change (
  id         VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id    VARCHAR(40)  NOT NULL,
  section    VARCHAR(20)  NOT NULL,
  by_two     BOOLEAN      NOT NULL,
  wish       TEXT         NOT NULL, -- JSON: the values to be, by key
  base       TEXT         NOT NULL, -- JSON: what stood there when it was asked for
  reason     VARCHAR(300) NOT NULL,
  state      VARCHAR(10)  NOT NULL,
  open_key   VARCHAR(20),           -- the section, while it waits
  asked_by   VARCHAR(40)  NOT NULL,
  asked_at   DATETIME(6)  NOT NULL,
  decided_by VARCHAR(40),
  decided_at DATETIME(6),
  CHECK (state IN ('asked','applied','rejected','withdrawn')),
  CHECK ((state = 'asked') = (open_key IS NOT NULL)),
  CHECK ((state = 'asked') = (decided_at IS NULL)),
  CHECK (by_two OR state = 'applied'),
  CHECK ((by_two AND state IN ('applied','rejected')) = (decided_by IS NOT NULL)),
  CHECK (decided_by <> asked_by)
);
CREATE UNIQUE INDEX setting_change_open ON setting_change (bank_id, open_key);
CREATE INDEX setting_change_section ON setting_change (bank_id, section, id);

-- What a person keeps of any list: its filters and its columns, under a name.
CREATE TABLE saved_view (
  bank_id    VARCHAR(40)   NOT NULL,
  staff_id   VARCHAR(40)   NOT NULL,
  list_name  VARCHAR(30)   NOT NULL,
  name       VARCHAR(40)   NOT NULL,
  query      VARCHAR(1000) NOT NULL, -- JSON, no personal data
  shown      VARCHAR(1000) NOT NULL, -- JSON: the columns, [] for the usual ones
  created_at DATETIME(6)   NOT NULL,
  PRIMARY KEY (bank_id, staff_id, list_name, name)
);
INSERT INTO saved_view (bank_id, staff_id, list_name, name, query, shown, created_at)
SELECT bank_id, staff_id, 'leads', name, query, '[]', created_at FROM saved_filter;
DROP TABLE saved_filter;

-- +goose Down
CREATE TABLE saved_filter (
  bank_id     VARCHAR(40)   NOT NULL,
  staff_id    VARCHAR(40)   NOT NULL,
  name        VARCHAR(40)   NOT NULL,
  query       VARCHAR(1000) NOT NULL,
  created_at  DATETIME(6)   NOT NULL,
  PRIMARY KEY (bank_id, staff_id, name)
);
INSERT INTO saved_filter (bank_id, staff_id, name, query, created_at)
SELECT bank_id, staff_id, name, query, created_at FROM saved_view WHERE list_name = 'leads';
DROP TABLE saved_view;
DROP TABLE setting_change;
