-- +goose Up
-- One index of a city's leads, which tells the status too; and that of what waits
-- tells the city.
DROP INDEX application_city_filters /*! ON application */;
CREATE INDEX application_city_filters ON application (bank_id, city_code, created_at, id, queue_id, card_product_id, income_band, status);
DROP INDEX application_city_made /*! ON application */;
DROP INDEX application_status_made /*! ON application */;
CREATE INDEX application_status_made ON application (bank_id, status, created_at, id, claimed_until, city_code);

-- +goose Down
DROP INDEX application_status_made /*! ON application */;
CREATE INDEX application_status_made ON application (bank_id, status, created_at, id, claimed_until);
CREATE INDEX application_city_made ON application (bank_id, city_code, created_at, id);
DROP INDEX application_city_filters /*! ON application */;
CREATE INDEX application_city_filters ON application (bank_id, city_code, created_at, id, queue_id, card_product_id, income_band);
