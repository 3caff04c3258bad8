package video

import "time"

// PushAddress is a vendor's signed push address, whole.
func (v Vendor) PushAddress(room, key string, expires time.Time) string {
	server, stream := v.push(room, key, expires)
	return server + "/" + stream
}

// PullAddress is a vendor's signed playback address.
func (v Vendor) PullAddress(room string, expires time.Time) string { return v.pull(room, expires) }

// Sign signs one address in the vendor's way.
func (v Vendor) Sign(address, stream, key string, expires time.Time) string {
	return v.sign(address, stream, key, expires)
}
