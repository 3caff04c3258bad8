package card

import "yinbo/internal/db"

// Statements are those that run at each application and binding, with the index
// that each is to walk.
func Statements(d db.Dialect) map[string]string {
	return map[string]string{rejections(d): "application_person", awaiting(d): "application_viewer"}
}
