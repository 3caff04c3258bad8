-- +goose Up

-- Where a room's picture comes from: pushed to us, or an external server's.
ALTER TABLE room ADD COLUMN video_kind VARCHAR(10) NOT NULL DEFAULT 'rtmp' CHECK (video_kind IN ('rtmp','external'));

-- The key by which a room is pushed to, and the push that is on.
CREATE TABLE room_ingest (
  room_id     VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  key_hash    VARCHAR(64)  NOT NULL,             -- keyed: what a push brings is checked by it
  key_sealed  VARCHAR(500) NOT NULL,             -- for showing it to the host
  push_id     VARCHAR(64),                       -- NULL while nobody pushes
  node        VARCHAR(200) NOT NULL DEFAULT '',  -- where the push is, or was last
  since_at    DATETIME(6),
  seen_at     DATETIME(6),
  bitrate_bps BIGINT       NOT NULL DEFAULT 0,
  fps         INT          NOT NULL DEFAULT 0,
  width       INT          NOT NULL DEFAULT 0,
  height      INT          NOT NULL DEFAULT 0,
  dropped     BIGINT       NOT NULL DEFAULT 0,   -- frames that came and could not be used
  recording   INT          NOT NULL DEFAULT 0,
  problem     VARCHAR(20)  NOT NULL DEFAULT '',  -- why the last push ended, when it was not its own wish
  problem_at  DATETIME(6),
  CHECK ((push_id IS NULL) = (since_at IS NULL))
);
CREATE UNIQUE INDEX room_ingest_key ON room_ingest (bank_id, key_hash);

-- +goose Down
DROP TABLE room_ingest;
ALTER TABLE room DROP COLUMN video_kind;
