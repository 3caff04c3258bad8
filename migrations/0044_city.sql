-- +goose Up
-- One index of a city's leads, which tells the status too.
DROP INDEX application_city_filters /*! ON application */;
CREATE INDEX application_city_filters ON application (bank_id, city_code, created_at, id, queue_id, card_product_id, income_band, status);
DROP INDEX application_city_made /*! ON application */;

-- +goose Down
CREATE INDEX application_city_made ON application (bank_id, city_code, created_at, id);
DROP INDEX application_city_filters /*! ON application */;
CREATE INDEX application_city_filters ON application (bank_id, city_code, created_at, id, queue_id, card_product_id, income_band);
