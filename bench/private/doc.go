// Package private starts servers of a benchmark's own on free ports, in a
// temporary folder: MariaDB that flushes at each commit, Redis, bankbox, yinbo.
// Everything ends with Stop.
package private
