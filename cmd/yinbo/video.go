package main

import (
	"context"
	"path/filepath"

	"yinbo/live/video"
)

// videoConfig is the part of the configuration that video is made with.
func (c *core) videoConfig() video.Config {
	dir := c.cfg.RecordingsDir
	switch dir {
	case "":
		dir = filepath.Join(c.cfg.Var, "recordings")
	case "off":
		dir = ""
	}
	return video.Config{RTMPAddr: c.cfg.RTMPAddr, PushURL: c.cfg.RTMPURL, NodeURL: c.cfg.NodeURL, Dir: dir,
		DirMax: c.cfg.RecordingsMaxGB << 30, Clip: c.demo, External: c.vendor()}
}

func (c *core) vendor() video.Vendor {
	return video.Vendor{Scheme: video.Scheme(c.cfg.VideoScheme), Push: c.cfg.VideoPushURL, Pull: c.cfg.VideoPullURL,
		PushKey: string(c.cfg.VideoPushKey), PullKey: string(c.cfg.VideoPullKey)}
}

// addresses signs playback under the installation's own key: every node's
// signature counts at every other.
func (c *core) addresses(ctx context.Context) (*video.Addresses, error) {
	if err := c.vendor().Validate(); err != nil {
		return nil, err
	}
	secret, err := c.keys.TokenKey(ctx)
	if err != nil {
		return nil, err
	}
	return video.NewAddresses(secret, c.db.Clock(), c.vendor()), nil
}
