-- +goose Up
-- The merchant whose own account imports; none for the bank's own staff.
ALTER TABLE import_job ADD COLUMN merchant_id VARCHAR(40);

-- Slices of a recording that somebody cut by hand, in place of those by the room's
-- pins. The version moves with each edit: two editors cannot overwrite each other.
ALTER TABLE room_ingest ADD COLUMN slices_by VARCHAR(40);
ALTER TABLE room_ingest ADD COLUMN slices_version INT NOT NULL DEFAULT 0;
CREATE TABLE recording_slice (
  id      VARCHAR(40) NOT NULL PRIMARY KEY,
  bank_id VARCHAR(40) NOT NULL,
  room_id VARCHAR(40) NOT NULL,
  sku_id  VARCHAR(40) NOT NULL,
  from_at DATETIME(6) NOT NULL,
  to_at   DATETIME(6) NOT NULL,
  CHECK (to_at > from_at)
);
CREATE UNIQUE INDEX recording_slice_begin ON recording_slice (bank_id, room_id, from_at);

-- +goose Down
DROP TABLE recording_slice;
ALTER TABLE room_ingest DROP COLUMN slices_version;
ALTER TABLE room_ingest DROP COLUMN slices_by;
ALTER TABLE import_job DROP COLUMN merchant_id;
