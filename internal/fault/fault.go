package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure it is; one table a transport maps kinds to
// its own words (HTTP status, socket error, retry or drop).
type Kind uint8

// The kinds. The zero value is Internal: what nobody named is our own fault.
const (
	Internal        Kind = iota
	BadRequest           // malformed: not even readable
	Invalid              // readable, but a field's value is not acceptable
	Unauthenticated      // no token, or one that is expired or wrong
	Forbidden            // known, but not allowed
	NotFound             // absent, or another bank's or person's
	Conflict             // the object's state does not allow it
	Gone                 // it was there, and is over
	TooEarly             // it is not there yet
	TooLarge             // the body or frame is over its limit
	RateLimited          // too often; RetryAfter says when
	Unavailable          // cannot serve now; RetryAfter says when
)

// Field is a field of the input and what is wrong with it.
type Field struct {
	Name string // as in the JSON body or query: applicant.id_no
	Code string // stable, dotted, with a text in texts_*.json
	Args []any  // for the text's placeholders
}

// Error is the one error type that reaches people.
type Error struct {
	Kind       Kind
	Code       string
	Args       []any
	Fields     []Field
	RetryAfter time.Duration
	cause      error
}

// New makes an error with a stable code, whose texts stand in texts_*.json.
func New(kind Kind, code string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Args: args}
}

// InvalidField is a validation error (422) that names one field.
func InvalidField(name, code string, args ...any) *Error {
	return New(Invalid, "validation").With(name, code, args...)
}

// With adds a field.
func (e *Error) With(name, code string, args ...any) *Error {
	e.Fields = append(e.Fields, Field{Name: name, Code: code, Args: args})
	return e
}

// After says when trying again makes sense.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// Because keeps the cause for the log; people do not see it.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// Error is the engineer's line: code, fields and cause, no personal data.
func (e *Error) Error() string {
	s := e.Code
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s: %s]", f.Name, f.Code)
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is lets errors.Is compare by code.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// From reads the error out of err; what is not one becomes Internal.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(Internal, "internal").Because(err)
}

// Code is the stable code of err, "internal" when it has none, "" for nil.
func Code(err error) string {
	if err == nil {
		return ""
	}
	return From(err).Code
}
