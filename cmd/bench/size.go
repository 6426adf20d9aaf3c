package main

import (
	"context"
	"os"
)

const mostBinary = 30e6

// size weighs the program.
func size(_ context.Context, b *bench) ([]figure, error) {
	st, err := os.Stat(b.binary)
	if err != nil {
		return nil, err
	}
	return []figure{{
		what: "binary", got: megabytes(st.Size()), aim: "≤ 30 MB", met: st.Size() <= mostBinary,
		how: "one file without symbols, as `make build` makes it; pages, styles and time zones are in it",
	}}, nil
}
