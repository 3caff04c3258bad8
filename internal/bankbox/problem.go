package bankbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
)

// Problem is every refusal of the bank (application/problem+json). Code is
// stable; Detail names the field or says what to do.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error makes a refusal an error, so that it can leave a transaction.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

func problem(status int, code, format string, args ...any) *Problem {
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status),
		Status: status, Code: code, Detail: fmt.Sprintf(format, args...),
	}
}

func invalid(format string, args ...any) *Problem {
	return problem(http.StatusUnprocessableEntity, "validation", format, args...)
}

func notFound(what string) *Problem {
	return problem(http.StatusNotFound, "not_found", "there is no such %s", what)
}

// isProblem tells a refusal from a failure.
func isProblem(err error) bool {
	var p *Problem
	return errors.As(err, &p)
}

func writeProblem(c *gin.Context, p *Problem) {
	c.Abort()
	c.Header("Content-Type", "application/problem+json; charset=utf-8")
	c.PureJSON(p.Status, p)
}

// answerer is an API call: a status with a body, or an error. A *Problem is told
// as it is; any other error is a 500 whose text stays in the log.
type answerer func(c *gin.Context) (status int, body any, err error)

func answer(log *slog.Logger, fn answerer) gin.HandlerFunc {
	return func(c *gin.Context) {
		status, body, err := fn(c)
		var p *Problem
		switch {
		case errors.As(err, &p):
			writeProblem(c, p)
		case err != nil:
			log.Error("call failed", "route", c.FullPath(), "error", err.Error())
			writeProblem(c, problem(http.StatusInternalServerError, "internal", "the bank could not do this now"))
		default:
			writeBody(c, status, body)
		}
	}
}

// document is a body that is not JSON.
type document struct {
	contentType string
	raw         []byte
}

func writeBody(c *gin.Context, status int, body any) {
	switch b := body.(type) {
	case nil:
		c.Status(status)
	case document:
		c.Data(status, b.contentType, b.raw)
	default:
		c.PureJSON(status, b)
	}
}

// maxBody bounds a request's body in bytes; maxHistory that of demo history.
const (
	maxBody    = 1 << 20
	maxHistory = 32 << 20
)

// readJSON decodes a body into dst: 400 bad_request when it is not JSON, 413
// too_large over limit bytes, 422 validation when a value has the wrong type.
// Unknown fields are refused only where strict is set: callers of a real bank
// may send more than this one reads.
func readJSON(c *gin.Context, limit int64, strict bool, dst any) error {
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, "too_large", "the body is over %d bytes", limit)
	case err != nil:
		return problem(http.StatusBadRequest, "bad_request", "the body could not be read")
	case !json.Valid(raw):
		return problem(http.StatusBadRequest, "bad_request", "the body is not JSON")
	case firstByte(raw) != '{':
		return invalid("the body must be an object")
	}
	if strict {
		return readStrict(raw, dst)
	}
	return decodeProblem(json.Unmarshal(raw, dst))
}

func decodeProblem(err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType):
		return invalid("%s: a %s is not allowed here", wrongType.Field, wrongType.Value)
	default:
		return invalid("%s", err)
	}
}

func firstByte(raw []byte) byte {
	for _, b := range raw {
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return b
		}
	}
	return 0
}
