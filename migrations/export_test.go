package migrations

// Provider is what runs the files.
var Provider = provider
