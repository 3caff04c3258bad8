-- +goose Up

-- What a room holds its talk and its door to.
ALTER TABLE chat_message ADD COLUMN status VARCHAR(10) NOT NULL DEFAULT 'shown' CHECK (status IN ('shown','held','refused'));

CREATE TABLE room_ban (
  room_id     VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  bank_id     VARCHAR(40)  NOT NULL,
  until_at    DATETIME(6),           -- NULL for good
  reason      VARCHAR(200) NOT NULL,
  banned_by   VARCHAR(40)  NOT NULL,
  banned_at   DATETIME(6)  NOT NULL,
  PRIMARY KEY (room_id, viewer_id)
);

-- Where a visitor came from, and how long all of them watched.
ALTER TABLE room_visitor ADD COLUMN source VARCHAR(40) NOT NULL DEFAULT '';
ALTER TABLE room ADD COLUMN watched_ms BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE room DROP COLUMN watched_ms;
ALTER TABLE room_visitor DROP COLUMN source;
DROP TABLE room_ban;
ALTER TABLE chat_message DROP COLUMN status;
