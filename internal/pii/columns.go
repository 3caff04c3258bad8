package pii

// Column is a column that holds sealed values. As is the name that binds a value
// to its column, where that is not the column's own; AsField says that another
// column of the row gives it.
type Column struct {
	Table, Name string
	Row         string // the key column that names the row
	As          string
	AsField     string // further key column
}

// Columns are all sealed columns of the schema: what rotation re-encrypts. A test
// holds it against the schema.
func Columns() []Column {
	return []Column{
		{Table: "address", Name: "sealed", Row: "id"},
		{Table: "applicant_field", Name: "sealed", Row: "application_id", AsField: "field"},
		{Table: "application_draft", Name: "sealed", Row: "id"},
		{Table: "application", Name: "info_message_sealed", Row: "id"},
		{Table: "binding", Name: "card_token_sealed", Row: "id"},
		{Table: "lead_event", Name: "sealed_text", Row: "id"},
		{Table: "lottery", Name: "seed_sealed", Row: "id"},
		{Table: "merchant_account", Name: "number_sealed", Row: "id"},
		{Table: "orders", Name: "address_sealed", Row: "id", As: "address"},
		{Table: "room_ingest", Name: "key_sealed", Row: "room_id"},
		{Table: "screening_decision", Name: "input_sealed", Row: "application_id"},
		{Table: "screening_earlier", Name: "input_sealed", Row: "application_id", AsField: "round"},
		{Table: "staff", Name: "totp_pending_sealed", Row: "id", As: "totp"},
		{Table: "staff", Name: "totp_sealed", Row: "id", As: "totp"},
		{Table: "viewer", Name: "phone_sealed", Row: "id", As: "phone"},
		{Table: "voucher", Name: "code_sealed", Row: "id", As: "code"},
	}
}

// String is table.column.
func (c Column) String() string { return c.Table + "." + c.Name }

// place is where the value of a row is sealed; field is that of AsField.
func (c Column) place(bank, row, field string) Place {
	p := Place{Bank: bank, Table: c.Table, Column: c.Name, Row: row}
	if c.As != "" {
		p.Column = c.As
	}
	if c.AsField != "" {
		p.Column = field
	}
	return p
}
