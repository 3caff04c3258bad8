//go:build !linux

package main

import "errors"

// apart is a setting of Linux.
type apart struct{}

func setApart() (*apart, error) { return nil, errors.New("-apart needs Linux") }

func (a *apart) server(int) error { return nil }

func (a *apart) close() error { return nil }
