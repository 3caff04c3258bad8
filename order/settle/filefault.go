package settle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"yinbo/internal/gateway"
)

// FileState is what became of a gateway's file.
type FileState string

// The states. All but Whole are errors of the try: nothing of the file was used.
const (
	Whole       FileState = "whole"
	Late        FileState = "late"        // the gateway has none yet
	Unreachable FileState = "unreachable" // the gateway did not answer
	Truncated   FileState = "truncated"   // it ends before its total
	WrongTotal  FileState = "wrong_total" // its rows are not what its total says
	WrongHash   FileState = "wrong_hash"  // it is not what the gateway signed
	WrongDay    FileState = "wrong_day"   // its rows are of another day
	BadEncoding FileState = "encoding"    // neither UTF-8 nor GB18030
	Malformed   FileState = "malformed"   // not of the format
)

// FileError is why a statement was not used.
type FileError struct {
	State FileState
	Date  string // of the file; it may be a neighbour's
	why   error
}

// Error names the date, the state and the place.
func (e *FileError) Error() string {
	return fmt.Sprintf("settle: statement of %s is %s: %v", e.Date, e.State, e.why)
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.why }

func bad(state FileState, format string, args ...any) error {
	return &FileError{State: state, why: fmt.Errorf(format, args...)}
}

// noneYet are the codes by which gateways say that a file is not there yet.
var noneYet = []string{"NO_STATEMENT_EXIST", "STATEMENT_CREATING"}

// fileError says of any error of reading a date's file what it makes of the file;
// errors of ours, such as the database's, stay what they are.
func fileError(date string, err error) error {
	var known *FileError
	if errors.As(err, &known) {
		if known.Date == "" {
			known.Date = date
		}
		return known
	}
	var no *gateway.Refusal
	switch {
	case errors.As(err, &no) && (no.Status == http.StatusNotFound || contains(noneYet, no.Code)):
		return &FileError{Late, date, err}
	case errors.As(err, &no), errors.Is(err, gateway.ErrUnknown), errors.Is(err, context.DeadlineExceeded):
		return &FileError{Unreachable, date, err}
	case errors.Is(err, gateway.ErrHash):
		return &FileError{WrongHash, date, err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &FileError{Truncated, date, err}
	}
	return err
}

func contains(codes []string, code string) bool {
	for _, c := range codes {
		if strings.EqualFold(c, code) {
			return true
		}
	}
	return false
}
