package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"yinbo/internal/pii"
)

// Verify starts the four-factor check of a card; the bank sends a code to the
// phone and gives the check's reference. Refusal codes: pan.invalid,
// bin.unsupported, factor.mismatch, card.locked.
func (c *Client) Verify(ctx context.Context, name, idNo, phone, pan pii.Text) (ref string, err error) {
	var out struct{ ID string }
	err = c.call(ctx, http.MethodPost, "/bind/v1/verifications", map[string]string{
		"name": name.Reveal(), "id_no": idNo.Reveal(), "phone": phone.Reveal(), "pan": pan.Reveal()}, &out)
	return out.ID, err
}

// Card is a bound card as the bank names it.
type Card struct {
	Token    pii.Text `json:"card_token"`
	BIN      string   `json:"bin"`
	Last4    string   `json:"last4"`
	BankName string   `json:"bank_name"`
	Kind     string   `json:"kind"` // debit, credit
}

// Confirm ends a check with the code. Refusal codes: otp.wrong, otp.expired.
func (c *Client) Confirm(ctx context.Context, ref, code string) (card Card, err error) {
	return card, c.call(ctx, http.MethodPost, "/bind/v1/verifications/"+url.PathEscape(ref)+"/confirm", map[string]string{"code": code}, &card)
}

// Unbind gives a token back.
func (c *Client) Unbind(ctx context.Context, token pii.Text) error {
	return c.call(ctx, http.MethodDelete, "/bind/v1/tokens/"+url.PathEscape(token.Reveal()), nil, nil)
}

// SendSMS sends a text; the same outID again does not send again.
func (c *Client) SendSMS(ctx context.Context, phone pii.Text, text, outID string) error {
	return c.call(ctx, http.MethodPost, "/sms/v1/messages", map[string]string{"phone": phone.Reveal(), "text": text, "out_id": outID}, nil)
}

// Reporting sends messages that the bank reports on: whether they arrived, and
// what was answered.
type Reporting struct{ c *Client }

// Reporting sends as the client does, and has it reported.
func (c *Client) Reporting() Reporting { return Reporting{c} }

// SendSMS sends a text; the same outID again does not send again.
func (r Reporting) SendSMS(ctx context.Context, phone pii.Text, text, outID string) error {
	return r.c.call(ctx, http.MethodPost, "/sms/v1/messages",
		map[string]string{"phone": phone.Reveal(), "text": text, "out_id": outID, "notify_url": r.c.RepliesCallback()}, nil)
}

// SubmitApplication hands an approved application to the card core; the same
// application again changes nothing. fields are the applicant's.
func (c *Client) SubmitApplication(ctx context.Context, applicationID, cardProduct string, fields map[string]pii.Text) error {
	clear := make(map[string]string, len(fields))
	for k, v := range fields {
		clear[k] = v.Reveal()
	}
	return c.call(ctx, http.MethodPost, "/core/v1/applications", map[string]any{
		"application_id": applicationID, "card_product": cardProduct, "applicant": clear, "notify_url": c.OutcomesCallback()}, nil)
}

// Taken is an application as the card core has it.
type Taken struct {
	ApplicationID string `json:"application_id"`
	Status        string `json:"status"` // accepted, issued, declined
}

// takenPage is how many of a day's applications the core is asked for at once.
const takenPage = "1000"

// TakenOn gives a page of what the card core took on a business date, after the
// number named; the last page is followed by an empty one.
func (c *Client) TakenOn(ctx context.Context, day, after string) ([]Taken, error) {
	query := url.Values{"date": {day}, "limit": {takenPage}, "after": {after}}
	var out struct{ Items []Taken }
	err := c.call(ctx, http.MethodGet, "/core/v1/applications?"+query.Encode(), nil, &out)
	return out.Items, err
}

// TakenAs gives an application as the card core has it; found is false when it
// does not.
func (c *Client) TakenAs(ctx context.Context, application string) (t Taken, found bool, err error) {
	err = c.call(ctx, http.MethodGet, "/core/v1/applications/"+url.PathEscape(application), nil, &t)
	var no *Refusal
	if errors.As(err, &no) && no.Status == http.StatusNotFound {
		return t, false, nil
	}
	return t, err == nil, err
}
