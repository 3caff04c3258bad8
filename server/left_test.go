package server

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"yinbo/internal/fault"
)

// A request whose client left is nobody's fault; one that failed is ours still.
func TestAClientThatLeftIsNoFailure(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	broken := fmt.Errorf("read: %w", context.Canceled)
	for _, c := range []struct {
		ctx  context.Context
		err  error
		left bool
	}{{gone, broken, true}, {t.Context(), broken, false}, {gone, errors.New("disk"), false}, {gone, fault.New(fault.NotFound, "not_found"), false}} {
		if got := clientLeft(c.ctx, c.err); got != c.left {
			t.Errorf("%v: %t", c.err, got)
		}
	}
}
