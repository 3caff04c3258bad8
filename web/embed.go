// Package web holds the three apps: their sources, and their build inside the
// binary. Go builds, vets and tests without Node and without a build; the server
// then says so on its pages.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Apps is the build; nil when there is none.
func Apps() fs.FS {
	apps, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil
	}
	if _, err := fs.Stat(apps, "index.html"); err != nil {
		return nil
	}
	return apps
}
