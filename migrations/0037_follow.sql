-- +goose Up
-- Who wants to be told when a host's rooms start.
CREATE TABLE host_follow (
  id          VARCHAR(40)  NOT NULL PRIMARY KEY,
  bank_id     VARCHAR(40)  NOT NULL,
  viewer_id   VARCHAR(40)  NOT NULL,
  host_id     VARCHAR(40)  NOT NULL,
  followed_at DATETIME(6)  NOT NULL
);
CREATE UNIQUE INDEX host_follow_viewer ON host_follow (bank_id, viewer_id, host_id);
CREATE INDEX host_follow_host ON host_follow (bank_id, host_id, id, followed_at); -- counted by itself
CREATE INDEX room_host ON room (bank_id, host_id, status, starts_at);

-- What a follower is told of a room by; nobody asked for that room itself.
ALTER TABLE room_reservation ADD COLUMN by_follow BOOLEAN NOT NULL DEFAULT FALSE;
-- The room that a message is about.
ALTER TABLE app_message ADD COLUMN room_id VARCHAR(40);

-- The fact that is the room's notice now; 0 for none.
ALTER TABLE room ADD COLUMN notice_seq BIGINT NOT NULL DEFAULT 0;

-- What a product's pictures show, in words: JSON, by their addresses.
ALTER TABLE product ADD COLUMN image_alts TEXT;

-- +goose Down
ALTER TABLE product DROP COLUMN image_alts;
ALTER TABLE room DROP COLUMN notice_seq;
ALTER TABLE app_message DROP COLUMN room_id;
ALTER TABLE room_reservation DROP COLUMN by_follow;
DROP INDEX room_host /*! ON room */;
DROP TABLE host_follow;
