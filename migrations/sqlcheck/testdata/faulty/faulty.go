package faulty

import "example.invalid/other"

const sqlForeign = "select " + other.Columns + " from person"

var sqlVariable = "select 1"

const sqlNumber = 1
