// Package video brings a host's picture to viewers: RTMP in (OBS, ffmpeg, with a
// key per room), HLS out, kept on disk, and cut into slices by the room's pins.
// Rooms may name an external server instead (a cloud, SRS, nginx-rtmp,
// MediaMTX), whose hooks are taken here and whose addresses are signed here. The
// demo's clip plays where nobody pushes.
//
// Invariants: a room has one push at a time, on one node, named in room_ingest; a
// newcomer with the right key replaces it, and whoever finds the row no longer
// theirs stops within seconds. Segments of a room are numbered upwards over
// pushes, nodes and restarts, so a player goes on where a host reconnects. What
// stands in a playlist is whole: a segment is listed after it is in place. A
// playback address is signed once and carries its signature to every segment.
// What is pushed before a room starts is a rehearsal: for its hosts only, and not
// kept.
// What a stranger may cost is bounded: connections at the door, their time and
// their bytes; and what a push may cost: its rate, a segment's size, the window.
//
// Lifecycle: New; Run listens until its context ends; Close cuts what is left.
//
// It imports gortmplib, gohlslib's playlists, mediacommon, and internal.
package video
