// Leads measures the card department's desk over a year's applications: it starts
// private servers, fills the table, asks for each filter many times over HTTP and
// prints how long the answers took; then it exports a tenth of all and watches the
// node's memory.
//
//	go run ./bench/leads                       a million, on MariaDB
//	go run ./bench/leads -n 50000 -on sqlite   fewer, embedded
package main
