package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"

	"batsignal/oncall/fault"
)

// Seen is a head that was seen somewhere else than in the ledger: in a chat room.
type Seen struct {
	Size   int64
	Prefix string // of the hash, 16 hexadecimal digits
	Where  string // for people: "line 17 of the log"; "" is not known
}

// SeenIn finds every head that is said in a chat log of any form. Lines that are longer
// than any chat's are passed over.
func SeenIn(r io.Reader, name string) ([]Seen, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var list []Seen
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			line = nil
			_, err = in.ReadSlice('\n')
		}
		for _, found := range isLine.FindAllSubmatch(line, -1) {
			size, numberErr := strconv.ParseInt(string(found[1]), 10, 64)
			if numberErr == nil {
				list = append(list, Seen{Size: size, Prefix: string(found[2]), Where: fmt.Sprintf("line %d of %s", n, name)})
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return list, fault.Wrap(fault.Invalid, err, "The chat log %s cannot be read.", name)
		}
	}
}
