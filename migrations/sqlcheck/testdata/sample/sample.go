package sample

import "example.invalid/other"

const columns = "id, handle"

const (
	sqlFind   = `select ` + columns + ` from person where handle = $1`
	sqlRename = "update person set name = $2 where id = $1"
	notSQL    = "this is not looked at"
	sqlite    = "nor is this"
)

func use(sql string) string {
	const sqlInside = `select count(*) from person where created_at < $1`
	other.Run(sqlFind, sqlRename, sqlInside, sqlite, notSQL)
	return sql
}
