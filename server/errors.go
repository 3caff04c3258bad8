package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yinbo/internal/db"
	"yinbo/internal/fault"
	"yinbo/internal/obs"
)

// Problem is an error as clients see it: RFC 9457.
type Problem struct {
	Type      string         `json:"type" doc:"URI of the kind of problem"`
	Title     string         `json:"title" doc:"What happened, in the language of Accept-Language"`
	Status    int            `json:"status" doc:"HTTP status"`
	Detail    string         `json:"detail" doc:"What to do next"`
	Code      string         `json:"code" doc:"Stable dotted code"`
	RequestID string         `json:"request_id" doc:"Names this request in the log"`
	Errors    []ProblemField `json:"errors" doc:"The fields concerned"`

	retryAfter time.Duration
}

// ProblemField is a field of the input and what is wrong with it.
type ProblemField struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is the code.
func (p *Problem) Error() string { return p.Code }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

const problemType = "application/problem+json"

// ContentType is application/problem+json.
func (p *Problem) ContentType(string) string { return problemType }

// GetHeaders tells when to try again.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		seconds := strconv.Itoa(int((p.retryAfter + time.Second - 1) / time.Second))
		h.Set("Retry-After", seconds)
		if p.Status == http.StatusTooManyRequests {
			h.Set("RateLimit", `"limit";r=0;t=`+seconds)
		}
	}
	return h
}

// statuses maps the kinds of fault to HTTP.
var statuses = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.BadRequest:      http.StatusBadRequest,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Gone:            http.StatusGone,
	fault.TooEarly:        http.StatusTooEarly,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.RateLimited:     http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// problem turns err into what the client sees, and logs what only we may see.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	f := fault.From(err)
	if f.Kind == fault.Internal && (errors.Is(err, context.DeadlineExceeded) || db.IsAway(err)) {
		f = fault.New(fault.Unavailable, "unavailable").After(time.Second).Because(err)
	}
	req := obs.RequestOf(ctx)
	if f.Kind == fault.Internal && clientLeft(ctx, err) {
		s.log.DebugContext(ctx, "client left", "error", err)
		p := problemOf(req, f)
		p.Status = statusClientLeft
		return p
	}
	switch f.Kind {
	case fault.Internal:
		s.log.ErrorContext(ctx, "request failed", "error", err)
	case fault.Unavailable:
		s.log.WarnContext(ctx, "request not served", "error", err)
	default:
		s.log.DebugContext(ctx, "request refused", "error", err)
	}
	return problemOf(req, f)
}

// statusClientLeft is what metrics and log say of a request whose client did not
// wait for the answer: nobody reads it, and nothing is wrong here.
const statusClientLeft = 499

// clientLeft tells whether err is of nobody waiting any more.
func clientLeft(ctx context.Context, err error) bool {
	return errors.Is(ctx.Err(), context.Canceled) && errors.Is(err, context.Canceled)
}

func problemOf(req obs.Request, f *fault.Error) *Problem {
	lang := fault.Language(req.Lang)
	p := &Problem{Type: "/docs/problems#" + f.Code, Title: f.Title(lang), Detail: f.Detail(lang), Status: statuses[f.Kind],
		Code: f.Code, RequestID: req.ID, Errors: []ProblemField{}, retryAfter: f.RetryAfter}
	for _, x := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{Field: x.Name, Code: x.Code, Message: fault.Text(lang, x.Code, x.Args...)})
	}
	if p.retryAfter == 0 && (f.Kind == fault.RateLimited || f.Kind == fault.Unavailable) {
		p.retryAfter = time.Second
	}
	return p
}

// humaProblem is huma's door for its own refusals: bodies that are not JSON, too
// large, or do not validate.
func humaProblem(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
	f := fault.New(fault.Internal, "internal")
	switch {
	case status == http.StatusUnprocessableEntity:
		f = fault.New(fault.Invalid, "validation")
	case status == http.StatusRequestEntityTooLarge:
		f = fault.New(fault.TooLarge, "too_large").With("body", "field.too_long")
	case status == http.StatusRequestTimeout, status >= 500 && msg == "cannot read request body":
		f = fault.New(fault.BadRequest, "bad_request").With("body", "field.required")
	case status >= 400 && status < 500:
		f = fault.New(fault.BadRequest, "bad_request")
		if len(errs) == 0 {
			f = f.With("body", "field.required")
		}
	}
	for _, e := range errs {
		var d huma.ErrorDetailer
		if !errors.As(e, &d) {
			continue
		}
		detail := d.ErrorDetail()
		f = f.With(fieldOf(detail), fieldCode(detail.Message))
	}
	req := obs.Request{}
	if ctx != nil {
		req = obs.RequestOf(ctx.Context())
	}
	return problemOf(req, f)
}

// fieldOf names the field as a client wrote it: body.items[0].sku_id becomes
// items[0].sku_id; a missing property is named itself, not its object.
func fieldOf(d *huma.ErrorDetail) string {
	field := d.Location
	for _, where := range []string{"body.", "query.", "path.", "header."} {
		field = strings.TrimPrefix(field, where)
	}
	if name, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
		name = strings.TrimSuffix(name, " to be present")
		if field == "body" || field == "" {
			return name
		}
		return field + "." + name
	}
	if field == "" {
		return "body"
	}
	return field
}

// fieldCode maps huma's messages to our codes.
func fieldCode(msg string) string {
	for _, m := range []struct{ part, code string }{
		{"unexpected property", "field.unknown"},
		{"unknown query parameter", "field.unknown"},
		{"expected required property", "field.required"},
		{"parameter is missing", "field.required"},
		{"expected length >=", "field.too_short"},
		{"expected array length >=", "field.too_short"},
		{"expected length <=", "field.too_long"},
		{"expected array length <=", "field.too_long"},
		{"expected number >", "field.too_small"},
		{"expected number <", "field.too_large"},
		{"expected value to be one of", "field.not_allowed"},
		{"array items to be unique", "field.duplicate"},
		{"expected string to", "field.format"},
		{"expected boolean", "field.type"},
		{"expected number", "field.type"},
		{"expected integer", "field.type"},
		{"expected string", "field.type"},
		{"expected array", "field.type"},
		{"expected object", "field.type"},
		{"invalid integer", "field.type"},
		{"RFC 3339", "field.format"},
	} {
		if strings.Contains(msg, m.part) {
			return m.code
		}
	}
	return "field.invalid"
}

// levelOf keeps what was answered as it should be, refusals too, out of the log:
// a sale that is sold out refuses thousands a second. Metrics count them all.
func levelOf(status int) slog.Level {
	switch {
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case status >= 500:
		return slog.LevelError
	}
	return slog.LevelDebug
}
