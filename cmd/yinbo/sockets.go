package main

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"yinbo/internal/config"
	"yinbo/live/hub"
)

// sockets is how the hub works, by the configuration.
func sockets(c config.Config) hub.Config {
	return hub.Config{Tick: c.SocketTick, Window: c.SocketDrain, PerAddress: c.SocketPerAddress, Accepts: c.SocketAccepts,
		Origins: strings.FieldsFunc(strings.ToLower(c.SocketOrigins), func(r rune) bool { return r == ',' || r == ' ' }),
		Parked:  c.SocketReader == "goroutine"}
}

// hubFigures shows the hub's figures to Prometheus.
type hubFigures struct{ hub *hub.Hub }

var _ prometheus.Collector = hubFigures{}

func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("yinbo_sockets_"+name, help, labels, nil)
}

var (
	socketsOpen    = figure("open", "Sockets that are open.")
	socketsFrames  = figure("frames_total", "Frames of room events that were written.")
	socketsEvents  = figure("events_total", "Room events in those frames, counted for each socket.")
	socketsBytes   = figure("bytes_total", "Bytes of those frames.")
	socketsDropped = figure("dropped_total", "Room events that slow sockets did not get.", "class")
	socketsCut     = figure("cut_total", "Sockets that the hub ended.", "reason")
	socketsRefused = figure("refused_total", "Connections that were not taken.", "reason")
	socketsTick    = figure("tick_seconds", "How long talk and figures were last gathered for a frame.")
)

// Describe names them.
func (f hubFigures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{socketsOpen, socketsFrames, socketsEvents, socketsBytes, socketsDropped, socketsCut, socketsRefused, socketsTick} {
		out <- d
	}
}

// Collect reads them.
func (f hubFigures) Collect(out chan<- prometheus.Metric) {
	s := f.hub.Stats()
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	out <- prometheus.MustNewConstMetric(socketsOpen, prometheus.GaugeValue, float64(s.Sockets))
	out <- prometheus.MustNewConstMetric(socketsTick, prometheus.GaugeValue, s.Tick.Seconds())
	count(socketsFrames, s.Frames)
	count(socketsEvents, s.Events)
	count(socketsBytes, s.Bytes)
	for desc, by := range map[*prometheus.Desc]map[string]int64{socketsDropped: s.Dropped, socketsCut: s.Cut, socketsRefused: s.Refused} {
		for label, n := range by {
			count(desc, n, label)
		}
	}
}
