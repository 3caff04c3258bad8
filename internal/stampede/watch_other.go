//go:build !linux

package stampede

import (
	"context"
	"errors"
	"time"
)

// Audience needs Linux: ten thousand sockets are read by epoll.
type Audience struct{}

var errLinux = errors.New("stampede: watch needs Linux (epoll)")

// Gather refuses.
func (t Target) Gather(Watching) (*Audience, error) { return nil, errLinux }

// Enter refuses.
func (a *Audience) Enter(context.Context) (*Watched, error) { return nil, errLinux }

// Watch refuses.
func (a *Audience) Watch(context.Context, time.Duration) (*Watched, error) { return nil, errLinux }

// Settle refuses.
func (a *Audience) Settle(context.Context, *Watched) error { return errLinux }

// Close does nothing.
func (a *Audience) Close() {}
